"""How many quality-improvement projects involve service users and carers meaningfully?

Data travels one way, and each arrow is one module::

    export ─► register ─► counts ─► rates ─► spc / funnel ─► charts ─► notebooks ─► reports
            (+ quarantine)               compare / outlook  + sentences

Beside the counts of involvement stand people (who, and why nobody), areas (in which parts of the
work), timing (how early), progress (who finishes) and actions (lists that people act on).

    import qi_analysis as qi
    cleaned = qi.load_cleaned("example")
    counts = qi.count_involvement(cleaned.register, by="directorate")
    rates = qi.add_rates(counts)
    qi.plot_rates(rates, by="directorate", aim="80%")

The public names stand below in the order of that journey.
"""

from .profile import Profile, RegisterError, load_profile
from .sources import list_exports, read_register, read_release
from .register import (
    Cleaned,
    as_of_date,
    clean_register,
    data_dictionary,
    describe_cleaning,
    describe_completeness,
    summarise_completeness,
    summarise_quarantine,
)
from .involvement import (
    add_age,
    bound_rates,
    compare_definitions,
    count_approaches,
    count_involvement,
    describe_approaches,
    describe_basis,
    describe_bounds,
    describe_definitions,
    describe_exemptions,
    format_bounds,
    involves_anybody,
    is_active,
    meaningful,
    select_directorate,
    select_projects,
)
from .people import count_people, count_reasons, describe_people, describe_reasons
from .areas import (
    count_area_pairs,
    count_area_stages,
    count_areas,
    count_areas_per_project,
    describe_area_pairs,
    describe_area_stages,
    describe_areas,
    describe_areas_by_approach,
    describe_areas_per_project,
    describe_missing_areas,
)
from .timing import describe_time_to_involvement, time_to_involvement
from .progress import (
    compare_finishing,
    count_progress,
    describe_finishing,
    describe_progress,
    summarise_progress,
)
from .actions import (
    describe_actions,
    format_action_counts,
    format_actions,
    list_actions,
    summarise_actions,
)
from .snapshots import (
    compare_snapshots,
    delete_snapshots,
    describe_changes,
    find_earlier,
    format_changes,
    keep_snapshot,
    list_snapshots,
    load_changes,
    load_cleaned,
    read_snapshot,
    summarise_changes,
    write_snapshot,
)
from .workbook import write_workbook
from .rates import (
    add_aim,
    add_rates,
    describe_change,
    describe_groups,
    describe_rate,
    format_completeness,
    format_rates,
    projects_to_aim,
    wilson_interval,
)
from .disclosure import (
    audit_disclosure,
    audit_releases,
    describe_published,
    describe_rule,
    format_published,
    format_published_groups,
    mark_release,
    publish_counts,
    release_aims,
    select_published,
    suppress_table,
)
from .spc import (
    add_run,
    add_spc,
    describe_indicators,
    describe_rebase_suggestions,
    describe_run,
    describe_spc,
    format_rebase_suggestions,
    suggest_rebase,
    summarise_run,
    summarise_spc,
)
from .funnel import (
    add_funnel,
    describe_funnel,
    format_shrunken,
    funnel_limits,
    shrunken_rates,
)
from .compare import (
    compare_periods,
    compare_rates,
    compare_to_rest,
    describe_difference,
    describe_differences,
    describe_split,
    describe_standardised,
    newcombe_interval,
    split_difference,
    set_apart,
    standardise_rates,
)
from .outlook import (
    add_starts,
    count_outlook,
    describe_needed,
    describe_outlook,
    describe_starts,
    summarise_needed,
    summarise_outlook,
)
from .charts import (
    plot_approaches,
    plot_areas,
    plot_areas_by_approach,
    plot_areas_per_project,
    plot_completeness,
    plot_funnel,
    plot_icons,
    plot_outlook,
    plot_rates,
    plot_rates_over_time,
    plot_run,
    plot_spc,
    plot_time_to_involvement,
)

__version__ = "0.1.0"
__all__ = [
    "RegisterError", "Profile", "load_profile", "list_exports", "read_register", "read_release",
    "Cleaned", "clean_register", "as_of_date", "data_dictionary", "summarise_completeness",
    "summarise_quarantine", "describe_cleaning", "describe_completeness", "load_cleaned",
    "write_snapshot", "read_snapshot", "keep_snapshot", "list_snapshots", "find_earlier",
    "delete_snapshots", "load_changes", "compare_snapshots", "summarise_changes", "format_changes",
    "describe_changes", "write_workbook", "add_age", "meaningful", "involves_anybody", "is_active",
    "select_projects", "select_directorate", "describe_basis", "count_involvement",
    "compare_definitions", "count_approaches", "bound_rates", "format_bounds", "describe_bounds",
    "describe_definitions", "describe_exemptions", "describe_approaches", "count_people",
    "describe_people", "count_reasons", "describe_reasons", "count_areas", "describe_areas",
    "describe_missing_areas", "describe_areas_by_approach", "count_areas_per_project",
    "describe_areas_per_project", "count_area_pairs", "describe_area_pairs", "count_area_stages",
    "describe_area_stages", "time_to_involvement", "describe_time_to_involvement",
    "compare_finishing", "describe_finishing", "count_progress", "summarise_progress",
    "describe_progress", "list_actions", "summarise_actions", "format_action_counts",
    "format_actions", "describe_actions",
    "wilson_interval", "add_rates", "add_aim", "projects_to_aim", "format_rates",
    "format_completeness", "describe_rate", "describe_groups", "describe_change", "suppress_table",
    "publish_counts", "select_published", "release_aims", "format_published",
    "format_published_groups", "mark_release", "describe_published", "describe_rule",
    "audit_disclosure", "audit_releases", "add_spc", "summarise_spc", "describe_spc",
    "describe_indicators", "suggest_rebase", "describe_rebase_suggestions",
    "format_rebase_suggestions", "add_run", "summarise_run", "describe_run", "add_funnel",
    "describe_funnel", "funnel_limits", "shrunken_rates", "format_shrunken", "newcombe_interval",
    "compare_rates", "compare_periods", "compare_to_rest", "describe_difference",
    "describe_differences",
    "set_apart", "standardise_rates", "describe_standardised", "split_difference", "describe_split",
    "add_starts", "describe_starts", "count_outlook", "summarise_outlook", "describe_outlook",
    "summarise_needed", "describe_needed", "plot_completeness", "plot_rates",
    "plot_rates_over_time", "plot_spc", "plot_run", "plot_funnel", "plot_icons", "plot_areas",
    "plot_approaches", "plot_outlook", "plot_areas_by_approach", "plot_areas_per_project",
    "plot_time_to_involvement",
]  # fmt: skip
