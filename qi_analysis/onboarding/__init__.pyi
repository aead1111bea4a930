from .draft import describe_headings as describe_headings
from .draft import describe_profile as describe_profile
from .draft import draft_profile as draft_profile
from .propose_headings import propose_headings as propose_headings
from .propose_words import describe_proposals as describe_proposals
from .propose_words import propose_words as propose_words
