"""The package as a trust gets it: a wheel, installed in an environment of its own."""

import re
import shutil
from pathlib import Path

import nbformat
import pandas as pd
from conftest import ROOT
from installed import build_wheel, installed  # noqa: F401 (a fixture)
from processes import PARAMETERS, write_template


def newer_wheel(folder: Path) -> Path:
    """Build a wheel of a later version, whose reports say something new."""
    for name in ("qi_analysis", "notebooks", "data/raw"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    newer = re.sub(r'(?m)^version = ".*"$', 'version = "99.0"', project)
    (folder / "pyproject.toml").write_text(newer, "utf-8")
    write_small(folder / "notebooks" / "trust_report.ipynb", "New in this version.")
    write_small(folder / "notebooks" / "directorate_report.ipynb", "New in this version.")
    return build_wheel(folder, folder / "wheel")


def add_sentence(notebook: Path, sentence: str) -> None:
    """Add a sentence to the last cell of a notebook."""
    cells = nbformat.read(notebook, 4)
    cells.cells[-1].source += f"\n\n{sentence}"
    nbformat.write(cells, notebook)


def write_small(notebook: Path, sentence: str) -> None:
    """Write a small template, of either report, in place of one that takes longer."""
    write_template(notebook, PARAMETERS + 'directorate = ""\n', f"print(directorate, {sentence!r})")
    small = nbformat.read(notebook, 4)
    small.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "3"}
    nbformat.write(small, notebook)


def test_an_installed_package_makes_reports_and_workspaces_and_can_be_upgraded(
    installed,  # noqa: F811
    tmp_path,
):
    report = ("report", "--directorate", "Addictions")  # and the trust's
    printed = installed.run(tmp_path, *report)
    assert "2 reports published. Open data/processed/example/reports/index.html" in printed
    refused = installed.run(tmp_path, "notebooks", "--update", code=2)
    assert refused.startswith(f"'{tmp_path}' is no workspace, and in none: ")

    assert "Next:\n  cd here\n  qi-analysis report" in installed.run(tmp_path, "start", "here")
    here = tmp_path / "here"
    export = pd.read_csv(ROOT / "data/raw/example_register.csv", dtype=str)
    export = export[export["Directorate / Group"] == "Addictions"]
    export.to_csv(here / "data/raw/ours.csv", index=False)
    report = ("report", "data/raw/ours.csv")
    page = here / "data/processed/reports/directorates/addictions.html"
    own = here / "notebooks" / "directorate_report.ipynb"
    words = ["--engine", "qi-analysis", own.relative_to(here), "out.ipynb", "--no-progress-bar"]
    write_small(own, "Our own sentence.")
    installed.start(
        here, installed.python, "-m", "papermill", *words, "-p", "directorate", "Jameson"
    )
    assert "Jameson Our own sentence." in (here / "out.ipynb").read_text("utf-8")

    printed = installed.run(here, *report)
    assert "Templates changed in this workspace, and used: directorate_report.ipynb." in printed
    assert "2 reports published." in printed
    assert "Our own sentence." in page.read_text("utf-8")
    own.unlink()
    add_sentence(here / "notebooks" / "explore.ipynb", "Our own sentence.")
    (tmp_path / "newer").mkdir()
    installed.install(newer_wheel(tmp_path / "newer"))
    printed = installed.run(here, *report)
    assert "2 reports published." in printed
    assert "New in this version." in page.read_text("utf-8")
    assert "Our own sentence." not in page.read_text("utf-8")
    assert "0 reports published; 2 were up to date already." in installed.run(here, *report)
    printed = installed.run(here, "notebooks", "--update")
    assert printed == (
        "Brought to this version: trust_report.ipynb.\n"
        "Changed here, and left as they are: explore.ipynb.\n"
    )
    assert not own.exists()
