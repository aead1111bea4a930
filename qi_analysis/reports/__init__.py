"""Directorates to executed notebooks to published pages: plan, run, publish."""

from .cluster import start_cluster
from .engine import start_engine
from .faults import Limits, NotebookFailed
from .hold import FolderFull, FolderHeld
from .intake import Intake, notes_on, own_day, take_in
from .notebooks import check_notebooks, refresh_notebooks, run_notebook
from .plan import Job, plan_jobs
from .public import write_public_reports
from .publish import write_cleaned, write_reports
from .run import Outcome

__all__ = [
    "FolderFull",
    "FolderHeld",
    "Intake",
    "Job",
    "Limits",
    "NotebookFailed",
    "Outcome",
    "check_notebooks",
    "notes_on",
    "own_day",
    "plan_jobs",
    "refresh_notebooks",
    "run_notebook",
    "start_cluster",
    "start_engine",
    "take_in",
    "write_cleaned",
    "write_public_reports",
    "write_reports",
]
