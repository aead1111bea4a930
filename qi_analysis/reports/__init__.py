"""Directorates to executed notebooks to published pages: plan, run, publish."""

WARM_UP = "qi_analysis.reports.page:warm_up"  # what an engine does before notebooks are asked of it
