"""How many quality-improvement projects involve service users and carers meaningfully?

Data travels one way, and each arrow is one module::

    export ─► register ─► counts ─► rates ─► charts + sentences ─► notebooks ─► reports
            (+ quarantine)

    import qi_analysis as qi
    cleaned = qi.load_cleaned("example")
    counts = qi.count_involvement(cleaned.register, by="directorate")
    rates = qi.add_rates(counts)
    qi.plot_rates(rates, by="directorate", aim="80%")

The public names stand below in the order of that journey.
"""

from .profile import Profile, RegisterError, load_profile  # isort: skip
from .sources import read_register  # isort: skip
from .register import (  # isort: skip
    Cleaned,
    as_of_date,
    clean_register,
    data_dictionary,
    describe_cleaning,
    describe_completeness,
    summarise_completeness,
    summarise_quarantine,
)
from .snapshots import load_cleaned, read_snapshot, write_snapshot  # isort: skip
from .involvement import (  # isort: skip
    bound_rates,
    compare_definitions,
    count_approaches,
    count_areas,
    count_involvement,
    describe_approaches,
    describe_areas,
    describe_basis,
    describe_bounds,
    describe_definitions,
    describe_exemptions,
    is_active,
    meaningful,
    select_directorate,
    select_projects,
)
from .rates import (  # isort: skip
    add_aim,
    add_rates,
    describe_change,
    describe_groups,
    describe_rate,
    format_rates,
    projects_to_aim,
    wilson_interval,
)
from .charts import (  # isort: skip
    plot_approaches,
    plot_areas,
    plot_rates,
    plot_rates_over_time,
)

__version__ = "0.1.0"
__all__ = [  # in the order of the journey
    "Cleaned",
    "Profile",
    "RegisterError",
    "add_aim",
    "add_rates",
    "as_of_date",
    "bound_rates",
    "clean_register",
    "compare_definitions",
    "count_approaches",
    "count_areas",
    "count_involvement",
    "data_dictionary",
    "describe_approaches",
    "describe_areas",
    "describe_basis",
    "describe_bounds",
    "describe_change",
    "describe_cleaning",
    "describe_completeness",
    "describe_definitions",
    "describe_exemptions",
    "describe_groups",
    "describe_rate",
    "format_rates",
    "is_active",
    "load_cleaned",
    "load_profile",
    "meaningful",
    "plot_approaches",
    "plot_areas",
    "plot_rates",
    "plot_rates_over_time",
    "projects_to_aim",
    "read_register",
    "read_snapshot",
    "select_directorate",
    "select_projects",
    "summarise_completeness",
    "summarise_quarantine",
    "wilson_interval",
    "write_snapshot",
]  # fmt: skip
