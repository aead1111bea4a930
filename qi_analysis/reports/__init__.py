"""Directorates to executed notebooks to published pages: plan, run, publish."""

from .engine import start_engine
from .faults import Limits, NotebookFailed
from .intake import Intake, own_day, take_in, warn_of_age
from .notebooks import check_notebooks, refresh_notebooks, run_notebook
from .plan import Job, plan_jobs
from .publish import write_cleaned, write_reports
from .run import Outcome

__all__ = [
    "Intake",
    "Job",
    "Limits",
    "NotebookFailed",
    "Outcome",
    "check_notebooks",
    "own_day",
    "plan_jobs",
    "refresh_notebooks",
    "run_notebook",
    "start_engine",
    "take_in",
    "warn_of_age",
    "write_cleaned",
    "write_reports",
]
