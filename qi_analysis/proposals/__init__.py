"""An export's headings and values to a proposal: what column each heading is, each word means.

A heading is sure only if its words can mean one column and its values do not speak against it. All
else is proposed as unsure, with the reason, for a person to decide: nothing is taken silently.

values (what stands under each heading) ─► headings (which column it is) ─► meanings (what its words
mean) ─► sentences. `vocabulary` holds the words by which they are known.
"""

from .headings import propose_headings
from .meanings import propose_words
from .sentences import describe_proposals
from .values import area_name

__all__ = ["area_name", "describe_proposals", "propose_headings", "propose_words"]
