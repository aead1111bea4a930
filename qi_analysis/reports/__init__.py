"""Directorates to executed notebooks to published pages: plan, run, publish."""

from .notebooks import check_notebooks, refresh_notebooks, run_notebook
from .plan import Job, plan_jobs
from .publish import write_cleaned, write_reports
from .run import NotebookFailed, Outcome

__all__ = [
    "Job",
    "NotebookFailed",
    "Outcome",
    "check_notebooks",
    "plan_jobs",
    "refresh_notebooks",
    "run_notebook",
    "write_cleaned",
    "write_reports",
]
