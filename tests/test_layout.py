"""The house rules: who may import whom, what is public, and that the project's lists agree."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml
from changed import LONG, LONGER
from conftest import ROOT

import qi_analysis as qi

PACKAGE = ROOT / "qi_analysis"
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.name != "__init__.py")
# Rooms from the ground up: each may import those before it, and `core` imports none of ours.
FLOORS = (
    "core", "profile", "reading", "cleaning", "register", "counts", "stats", "spc", "disclosure",
    "charts", "snapshots", "load", "onboarding", "quarantine", "execution", "terminal",
    "workspace", "explore", "reports", "cli",
)  # fmt: skip
NEVER = {
    "execution": {*FLOORS} - {"core", "execution"},
    "terminal": {*FLOORS} - {"core", "terminal"},
}
ONLY = {  # which rooms may import a library
    "matplotlib": {"charts", "execution", "explore"},  # imported ahead; what was shown is closed
    "seaborn": {"charts"},
    "papermill": {"execution"},
    "nbclient": {"execution"},
    "ipykernel": {"execution"},
    "mistune": {"reports"},
    "click": {"cli"},
    "ipywidgets": {"explore"},
    "xlsxwriter": {"quarantine", "workspace", "reports"},
}
FREE_OF_PANDAS = {"core/errors.py", "core/text.py"}


def name_of(path: Path) -> str:
    """Return a file's place below the package, such as ``core/text.py``."""
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str:
    """Return a file's room: its folder, or the module itself."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path):
    """Return each import of a file as the names from the top of its library, or of ours."""
    folder = path.relative_to(PACKAGE.parent).parent.parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else ()
            module = [*above, *(node.module.split(".") if node.module else [])]
            yield from ([*module, alias.name] for alias in node.names)


def ours(path: Path) -> set[Path]:
    """Return the files of the package that a file imports, inside functions too."""
    found = set()
    for top, *names in imports(path):
        if top == "qi_analysis":
            while names and not PACKAGE.joinpath(*names).with_suffix(".py").is_file():
                names.pop()
            found |= {PACKAGE.joinpath(*names).with_suffix(".py")} if names else set()
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_room_imports_only_those_below_it(path):
    room = room_of(path)
    lower = {*FLOORS[: FLOORS.index(room) + 1]} - NEVER.get(room, set())
    assert {room_of(each) for each in ours(path)} <= lower
    outside = {names[0] for names in imports(path)}
    assert not {name for name, rooms in ONLY.items() if room not in rooms} & outside
    assert not (name_of(path) in FREE_OF_PANDAS and "pandas" in outside)


def test_nothing_imports_the_library_that_takes_as_long_as_all_else_that_a_short_run_imports():
    assert [name_of(p) for p in MODULES if ["scipy", "stats"] in [n[:2] for n in imports(p)]] == []


def test_no_module_imports_itself_by_way_of_others():
    TopologicalSorter({path: ours(path) for path in MODULES}).prepare()


def test_modules_are_few_and_deep_and_no_name_is_used_for_two():
    names = Counter(path.stem for path in MODULES) + Counter(
        path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()
    )
    assert [name for name, n in names.items() if n > 1] == []
    assert len(MODULES) <= 85
    short = [p for p in MODULES if len(p.read_text("utf-8").splitlines()) < 60]
    assert {name_of(path) for path in short} <= {"core/errors.py"}


def test_the_public_names_are_documented_and_those_of_their_modules():
    assert len(qi.__all__) <= 80
    for name in qi.__all__:
        assert getattr(qi, name).__doc__, f"{name} has no docstring"


def test_a_name_that_the_package_does_not_have_is_said_to_be_missing():
    with pytest.raises(AttributeError, match=r"^No qi_analysis attribute plot_pie$"):
        qi.plot_pie  # noqa: B018


def test_importing_the_package_brings_in_no_plotting_notebook_or_statistics_library():
    heavy = "sqlalchemy|psycopg|python_calamine|ipywidgets|"
    heavy += "matplotlib|seaborn|papermill|mistune|scipy|statsmodels|IPython|click"
    code = f"import qi_analysis, re, sys; print(re.findall('{heavy}', ' '.join(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def project() -> dict:
    """Return pyproject.toml's [project]."""
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
    named = {re.split(r"[<>=[]", entry)[0].replace("_", "-") for entry in wanted}
    assert named <= pinned


def test_the_lists_of_long_tests_name_files():
    assert {*LONG, *LONGER} <= {path.stem for path in (ROOT / "tests").rglob("test_*.py")}


def test_the_version_stands_in_one_way_everywhere():
    assert qi.__version__ == project()["version"]
    assert f"## {qi.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_a_wheel_carries_the_committed_notebooks_and_examples_and_nothing_that_lies_beside_them():
    committed = subprocess.run(
        ["git", "ls-files", "notebooks/*.ipynb", "data/raw/*.csv"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    carried = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert carried == {name: f"qi_analysis/shipped/{name}" for name in committed}


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
