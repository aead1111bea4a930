"""How many quality-improvement projects involve service users and carers meaningfully?

Data travels one way, and each arrow is one module::

    export ─► register ─► counts ─► rates ─► spc / funnel ─► charts ─► notebooks ─► reports
            (+ quarantine)               compare / outlook  + sentences

Before it, proposals and drafts begin a trust's own profile from an export.
Beside the counts of involvement stand people (who, and why nobody), areas (in which parts of the
work), timing (how early), progress (who finishes) and actions (lists that people act on).

    import qi_analysis as qi
    cleaned = qi.load_cleaned("example")
    counts = qi.count_involvement(cleaned.register, by="directorate")
    rates = qi.add_rates(counts)
    qi.plot_rates(rates, by="directorate", aim="80%")

The public names stand below in the order of that journey.

A name is fetched from its module when it is first used, so that importing the package stays light.
"""

import sys
from importlib import import_module
from textwrap import fill

from .tab import list_in_order

__version__ = "0.1.0"

_NAMES = {
    "profile": ("RegisterError", "Profile", "load_profile", "find_faults", "write_profile"),
    "sources": ("list_exports", "read_register", "read_export", "read_release"),
    "proposals": ("propose_headings", "propose_words", "describe_proposals"),
    "drafts": ("draft_profile", "describe_profile", "describe_headings"),
    "register": (
        "Cleaned", "clean_register", "as_of_date", "data_dictionary", "summarise_completeness",
        "summarise_quarantine", "describe_cleaning", "describe_completeness",
    ),
    "involvement": (
        "add_age", "meaningful", "involves_anybody", "is_active", "select_projects",
        "select_directorate", "describe_basis", "count_involvement", "compare_definitions",
        "count_approaches", "bound_rates", "format_bounds", "describe_bounds",
        "describe_definitions", "describe_exemptions", "describe_approaches",
    ),
    "people": ("count_people", "describe_people", "count_reasons", "describe_reasons"),
    "areas": (
        "count_areas", "describe_areas", "describe_missing_areas", "describe_areas_by_approach",
        "count_areas_per_project", "describe_areas_per_project", "count_area_pairs",
        "describe_area_pairs", "count_area_stages", "describe_area_stages",
    ),
    "timing": ("time_to_involvement", "describe_time_to_involvement"),
    "progress": (
        "compare_finishing", "describe_finishing", "count_progress", "summarise_progress",
        "describe_progress",
    ),
    "actions": (
        "list_actions", "summarise_actions", "format_action_counts", "format_actions",
        "describe_actions",
    ),
    "snapshots": (
        "load_cleaned", "write_snapshot", "read_snapshot", "keep_snapshot", "list_snapshots",
        "find_earlier", "delete_snapshots", "load_changes", "compare_snapshots",
        "summarise_changes", "format_changes", "describe_changes",
    ),
    "workbook": ("write_workbook",),
    "rates": (
        "wilson_interval", "select_finished", "add_rates", "add_aim", "projects_to_aim",
        "format_rates", "format_completeness", "describe_rate", "describe_groups",
        "describe_change",
    ),
    "disclosure": (
        "suppress_table", "publish_counts", "select_published", "release_aims", "format_published",
        "format_published_groups", "mark_release", "describe_published", "describe_rule",
        "audit_disclosure", "audit_releases",
    ),
    "spc": (
        "add_spc", "summarise_spc", "describe_spc", "describe_indicators", "list_indicators",
        "suggest_rebase",
        "describe_rebase_suggestions", "format_rebase_suggestions", "add_run", "summarise_run",
        "describe_run",
    ),
    "funnel": (
        "add_funnel", "describe_funnel", "funnel_limits", "shrunken_rates", "format_shrunken",
    ),
    "compare": (
        "newcombe_interval", "compare_rates", "compare_periods", "compare_to_rest",
        "describe_difference", "describe_differences", "set_apart", "standardise_rates",
        "describe_standardised", "split_difference", "describe_split",
    ),
    "summary": ("compare_ends", "describe_changing", "describe_summary"),
    "outlook": (
        "add_starts", "describe_starts", "count_outlook", "summarise_outlook", "describe_outlook",
        "summarise_needed", "describe_needed",
    ),
    "charts": (
        "plot_completeness", "plot_rates", "plot_rates_over_time", "plot_spc", "plot_run",
        "plot_funnel", "plot_icons", "plot_areas", "plot_approaches", "plot_outlook",
        "plot_areas_by_approach", "plot_areas_per_project", "plot_time_to_involvement",
    ),
    "explore": ("Choice", "explore_register", "show_explorer", "write_parameters"),
}  # fmt: skip


def _list_names() -> str:
    """List the names for `help(qi)` in their order."""
    return "\n".join(
        fill(f"{module:12}{', '.join(names)}", width=99, subsequent_indent=" " * 12)
        for module, names in _NAMES.items()
    )


_HOMES = {name: module for module, names in _NAMES.items() for name in names}
__all__ = [*_HOMES]
__doc__ = f"{__doc__}\n{_list_names()}\n"


def __getattr__(name: str):
    if name in _NAMES:
        return import_module(f".{name}", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


list_in_order(sys.modules[__name__], __all__)
