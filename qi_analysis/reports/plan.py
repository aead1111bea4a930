"""Which reports to make: one for the trust and one for each directorate, with safe file names."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..core.errors import RegisterError
from ..core.schema import FEWEST
from ..core.text import match_key
from ..register import Register
from ..workspace import find_template

LONGEST_SLUG = 60
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)")  # names that Windows keeps for devices


@dataclass(frozen=True)
class Job:
    """One report to make: from which notebook, with which parameters, under which name."""

    slug: str
    title: str
    directorate: str  # empty for the trust
    template: Path
    parameters: dict = field(default_factory=dict)

    @property
    def page(self) -> str:
        """Where the report's page stands in the output folder."""
        return page_name(self.slug, self.directorate)


def page_name(slug: str, directorate: str) -> str:
    """Return where a report's page stands in the output folder; the trust's has no directorate."""
    return f"directorates/{slug}.html" if directorate else "trust.html"


def plan_jobs(register: Register, parameters: dict, directorates: Iterable[str] = ()) -> list[Job]:
    """Plan the trust's report and one for each directorate, or for those that are named.

    Directorates with fewer than 5 live projects get the report that lists these.
    """
    named = list(directorates) or sorted(register.projects["directorate"].unique())
    live = register.projects.loc[register.live, "directorate"].value_counts()
    jobs = _jobs(named, parameters, parameters, "trust_report", "directorate_report")
    small = notebook("small_directorate_report")
    is_small = {name: live.get(name, 0) < FEWEST for name in named}
    return [replace(job, template=small) if is_small.get(job.directorate) else job for job in jobs]


def plan_public_jobs(published: Iterable[str], parameters: dict) -> list[Job]:
    """Plan the public reports: the trust's and one for each directorate with published figures."""
    whole = {**parameters, "directorate": ""}
    return _jobs(published, whole, parameters, "public_report", "public_report")


def _jobs(named: Iterable[str], whole: dict, parameters: dict, trust: str, part: str) -> list[Job]:
    jobs = [Job("trust", "The whole trust", "", notebook(trust), whole)]
    for name in dict.fromkeys(named):
        taken = {job.slug for job in jobs if job.directorate}
        own = {**parameters, "directorate": name}
        jobs.append(Job(slug(name, taken), name, name, notebook(part), own))
    return jobs


def notebook(name: str) -> Path:
    """Find a report's template: the workspace's where it was changed there, else the package's."""
    path = find_template(f"{name}.ipynb")
    if not path.is_file():
        raise RegisterError(
            f"The notebook {path.name}, from which reports are made, is missing from the package. "
            "Install qi-analysis again."
        )
    return path


def slug(name: str, taken: Iterable[str] = ()) -> str:
    """Return a file name for a directorate: short, of plain letters, always the same, never shared.

    Names that plain letters cannot tell apart end in a few characters of their hash, whatever other
    names there are; so does one that only case or punctuation tells from one that is ``taken``.

    >>> slug("Children's Community Health")
    'children-s-community-health'
    >>> slug("Café") != slug("Cafe")
    True
    >>> slug("../../etc/passwd")
    'etc-passwd'
    """
    key = match_key(re.sub("['’]", " ", name))
    plain = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode()
    short = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-")
    plain_enough = short and short.replace("-", " ") == key and not RESERVED.fullmatch(short)
    own = short if plain_enough else _hashed(short, key)
    return _hashed(short, name) if own in taken else own


def _hashed(short: str, text: str) -> str:
    return f"{short}-{hashlib.sha256(text.encode()).hexdigest()[:8]}".lstrip("-")


@dataclass(frozen=True)
class Outcome:
    """What became of one report, why, how long it took, and the hash of its page.

    ``status`` is ``published`` if it was made, ``unchanged`` if it was up to date, or ``failed``;
    ``warnings`` is what its cells wrote for developers.
    """

    job: Job
    status: str
    reason: str
    seconds: float
    sha256: str = ""
    warnings: tuple[str, ...] = ()
