"""The house rules: who may import whom, what is public, and that the project's lists agree."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

import qi_analysis as qi

PACKAGE = ROOT / "qi_analysis"
MAY_IMPORT = {
    "profile": set(),
    "words": set(),
    "sources": {"profile", "words"},
    "cleaning": {"profile", "words"},
    "proposals": {"profile", "words", "cleaning"},
    "drafts": {"profile", "words", "cleaning", "proposals"},
    "register": {"profile", "words", "cleaning"},
    "involvement": {"profile", "words"},
    "people": {"profile", "words", "involvement"},
    "areas": {"profile", "words", "involvement", "rates"},
    "timing": {"profile", "words", "involvement", "rates"},
    "progress": {"profile", "words", "involvement"},
    "actions": {"words", "profile", "involvement"},
    "tab": set(),
    "waiting": set(),
    "snapshots": {"profile", "words", "sources", "register", "involvement", "waiting"},
    "workbook": {"profile", "sources", "register"},
    "rates": {"profile", "words"},
    "disclosure": {"profile", "words", "rates"},
    "spc": {"profile", "words", "rates"},
    "funnel": {"profile", "words", "rates"},
    "compare": {"profile", "words", "rates"},
    "summary": {"words", "rates", "compare"},
    "outlook": {"profile", "words", "involvement", "rates"},
    "charts": {
        "profile",
        "words",
        "register",
        "involvement",
        "areas",
        "timing",
        "rates",
        "spc",
        "funnel",
        "outlook",
    },
    "explore": {  # the line's end: it puts together what the notebooks do, and nobody imports it
        "profile",
        "sources",
        "register",
        "snapshots",
        "involvement",
        "rates",
        "spc",
        "charts",
    },
}
ONLY = {
    # reports only import it ahead of the notebooks, and explore closes what it has shown
    "matplotlib": {"charts", "reports", "explore"},
    "seaborn": {"charts", "reports"},
    "papermill": {"reports"},
    "nbclient": {"reports"},
    "nbconvert": {"reports"},
    "click": {"cli"},
    "ipywidgets": {"explore"},
    "xlsxwriter": {"workbook", "reports"},
}
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.name != "__init__.py")


def name_of(path: Path) -> str:
    """Give a file's module; everything under a folder, such as cleaning, counts as one."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path):
    """Give each import of a file as (dots before it, the module's first name)."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, (node.module or node.names[0].name).split(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_talk_through_frames_and_not_through_imports(path):
    module = name_of(path)
    if module in MAY_IMPORT:
        depth = len(path.relative_to(PACKAGE).parts)
        ours = {name for dots, name in imports(path) if dots == depth}
        assert ours <= MAY_IMPORT[module]
    outside = {name for dots, name in imports(path) if not dots}
    assert not {name for name, allowed in ONLY.items() if module not in allowed} & outside


def test_every_module_has_its_place_in_the_import_rule():
    assert {name_of(path) for path in MODULES} == {*MAY_IMPORT, "reports", "cli"}


def test_the_public_names_are_documented_and_in_the_order_of_the_journey():
    assert [m for m in MAY_IMPORT if m in qi._NAMES] == [*qi._NAMES]
    assert len(qi.__all__) == len(set(qi.__all__)) == sum(map(len, qi._NAMES.values()))
    assert dir(qi) == sorted([*qi.__all__, "__version__"])
    for module, names in qi._NAMES.items():
        for name in names:
            assert getattr(qi, name) is getattr(getattr(qi, module), name)
            assert getattr(qi, name).__doc__, f"{name} has no docstring"


def test_help_on_the_package_lists_the_names_in_the_order_of_the_journey():
    listed = qi.__doc__.partition("when it is first used")[2]
    assert [name for name in re.findall(r"\w+", listed) if name in qi.__all__] == qi.__all__


def test_a_name_that_the_package_does_not_have_is_said_to_be_missing():
    with pytest.raises(AttributeError, match=r"^module 'qi_analysis' has no attribute 'plot_pie'$"):
        qi.plot_pie  # noqa: B018


def test_importing_the_package_brings_in_no_plotting_notebook_or_statistics_library():
    heavy = "sqlalchemy|psycopg|python_calamine|ipywidgets|"
    heavy += "matplotlib|seaborn|papermill|nbconvert|scipy|statsmodels|IPython|click"
    code = f"import qi_analysis, re, sys; print(re.findall('{heavy}', ' '.join(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def project() -> dict:
    """Give pyproject.toml's [project]."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_conda_and_pip_users_get_the_same_packages_in_the_same_ranges():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    theirs = {entry for entry in conda if not re.match(r"(python|pip)(\W|$)", entry)}
    theirs |= {entry for entry in conda if entry.startswith("python-")}
    extras = project()["optional-dependencies"]
    assert {*extras["cluster"], *extras["database"]} <= set(extras["test"])
    ourselves, *by_pip = environment["dependencies"][-1]["pip"]
    ours = {*project()["dependencies"], *extras["test"]} - set(by_pip)
    assert theirs == {re.sub(r"\[.*?\]", "", entry) for entry in ours}  # conda has no extras
    assert f"python{project()['requires-python']}" in conda
    assert ourselves == "-e ."
    assert set(by_pip) <= set(extras["test"])  # what conda-forge does not have, or not in one name


def test_constraints_name_exact_versions_and_no_index():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    for line in lines:
        assert re.fullmatch(r"[a-z0-9._-]+==[\w.]+( ; .+)?", line), line
    pinned = {line.split("==")[0] for line in lines}
    wanted = [*project()["dependencies"], *project()["optional-dependencies"]["test"]]
    assert {re.split(r"[<>=[]", entry)[0] for entry in wanted} <= pinned


def test_the_version_stands_in_one_way_everywhere():
    assert qi.__version__ == project()["version"]
    assert f"## {qi.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_an_export_put_among_the_raw_data_is_never_committed():
    for path, ignored in (
        ("data/raw/our_export.csv", True),
        ("data/processed/reports/index.html", True),
        ("data/raw/example_register.csv", False),
        ("data/raw/example_public_counts.csv", False),
        ("data/raw/other_example.csv", False),
    ):
        asked = subprocess.run(
            ["git", "check-ignore", "--no-index", "-q", path], cwd=ROOT, check=False
        )
        assert (asked.returncode == 0) is ignored, path
