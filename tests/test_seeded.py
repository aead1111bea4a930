"""A changed number is caught: nbval fails exactly the notebooks that show it, and names it.

A definition is changed in a copy of the package, beside copies of some notebooks: taking part in
several areas of the work comes to mean four of the nine, and no longer three.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT

SHOW_IT = {"explore"}
SHOW_IT_NOT = {"public_report"}
BEGINNING = 7  # cells that are tried: of those after them, none shows the number
RIGHT = 'nine areas of the work"\nareas = 3'
WRONG = 'nine areas of the work"\nareas = 4'


@pytest.fixture(scope="module")
def sown(tmp_path_factory) -> Path:
    """Copy the package, its data and notebooks, and change the one definition."""
    folder = tmp_path_factory.mktemp("sown")
    for name in ("qi_analysis", "data/raw"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "notebooks").mkdir()
    for name in SHOW_IT | SHOW_IT_NOT:
        notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
        del notebook.cells[BEGINNING:]
        nbformat.write(notebook, folder / "notebooks" / f"{name}.ipynb")
    profile = folder / "qi_analysis" / "profiles" / "cnwl.toml"
    text = profile.read_text("utf-8")
    assert text.count(RIGHT) == 1
    profile.write_text(text.replace(RIGHT, WRONG), "utf-8")
    return folder


def run(folder: Path, *words: str) -> str:
    """Run a module of Python on the copy; give what it says."""
    ran = subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip
    return ran.stdout


@pytest.fixture(scope="module")
def tested(sown) -> str:
    """Return what nbval says of the copies."""
    return run(sown, "pytest", "-q", "-rf", "-p", "nbval.plugin", "--nbval", "-c", os.devnull,
               "--rootdir=.", "-p", "no:cacheprovider", "--color=no", "notebooks")  # fmt: skip


@pytest.fixture(scope="module")
def refreshed(sown, tested) -> str:
    """Return what refreshing the copies says, once they are tested."""
    return run(sown, "qi_analysis.cli", "notebooks")


def test_exactly_the_notebooks_that_show_the_number_fail(tested):
    assert set(re.findall(r"^FAILED \S*?(\w+)\.ipynb::", tested, re.M)) == SHOW_IT
    assert re.search(r"^\d+ failed, \d+ passed", tested, re.M)


def test_the_output_says_what_the_number_was_and_what_it_is(tested):
    assert "32% (several areas: 85 of 266)" in tested
    assert re.search(r"^ *- +85 +266  32%.*?^ *\+ +100 +266  38%", tested, re.M | re.S)


def test_refreshing_changes_the_same_notebooks(refreshed):
    assert refreshed == "1 notebook was refreshed: explore.ipynb\n"


@pytest.mark.parametrize("name", sorted(SHOW_IT))
def test_a_refreshed_notebook_differs_only_in_the_outputs_that_show_the_number(
    sown, refreshed, name
):
    before, after = (
        nbformat.read(root / "notebooks" / f"{name}.ipynb", 4).cells for root in (ROOT, sown)
    )
    changed = [(b, a) for b, a in zip(before[:BEGINNING], after, strict=True) if b != a]
    assert changed
    for was, now in changed:
        assert "everal areas" in str(was.outputs)
        assert {**was, "outputs": 0} == {**now, "outputs": 0}
