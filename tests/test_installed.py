"""The package as a trust gets it: a wheel, installed in a fresh environment, far from any checkout.

The environment shares the libraries of the one that runs the tests, so that nothing is fetched.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT

SCRIPTS = "Scripts" if os.name == "nt" else "bin"


def build_wheel(source: Path, folder: Path) -> Path:
    """Build the wheel of a source tree."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


class Installed:
    """A fresh environment with a wheel in it."""

    def __init__(self, folder: Path, wheel: Path):
        venv.create(folder)
        self.scripts = folder / SCRIPTS
        self.python = self.scripts / "python"
        self.install(wheel)
        libraries = sysconfig.get_path("purelib", vars={"base": folder, "platbase": folder})
        paths = [path for path in sys.path if path.endswith("site-packages")]
        Path(libraries, "shared.pth").write_text("\n".join(paths), "utf-8")

    def install(self, wheel: Path) -> None:
        """Install a wheel, or put it in the place of the one before."""
        subprocess.run(
            [sys.executable, "-m", "pip", "--python", self.python, "install", "--quiet",
             "--no-deps", "--no-index", "--force-reinstall", wheel],
            check=True, capture_output=True,
        )  # fmt: skip

    def run(self, folder: Path, *words, code: int = 0) -> str:
        """Run its command in a folder; return what it prints, if it exits with the code."""
        own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        ran = subprocess.run(
            [self.scripts / "qi-analysis", *words], cwd=folder, env=own, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    """Install the wheel of this source tree."""
    folder = tmp_path_factory.mktemp("installed")
    return Installed(folder / "environment", build_wheel(ROOT, folder / "wheel"))


def newer_wheel(folder: Path) -> Path:
    """Build a wheel of a later version, whose reports say something new."""
    for name in ("qi_analysis", "notebooks", "data/raw"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    newer = re.sub(r'(?m)^version = ".*"$', 'version = "99.0"', project)
    (folder / "pyproject.toml").write_text(newer, "utf-8")
    for name in ("trust", "directorate"):
        add_sentence(folder / "notebooks" / f"{name}_report.ipynb", "New in this version.")
    return build_wheel(folder, folder / "wheel")


def add_sentence(notebook: Path, sentence: str) -> None:
    """Add a sentence to the last cell of a notebook."""
    cells = nbformat.read(notebook, 4)
    cells.cells[-1].source += f"\n\n{sentence}"
    nbformat.write(cells, notebook)


def test_an_installed_package_makes_reports_and_workspaces_and_can_be_upgraded(installed, tmp_path):
    report = ("report", "--directorate", "Addictions")  # and the trust's
    printed = installed.run(tmp_path, *report)
    assert "2 reports published. Open data/processed/example/reports/index.html" in printed
    assert installed.run(tmp_path, "notebooks", "--update", code=2).startswith("There is no work")

    assert "Next:\n  cd here\n  qi-analysis report" in installed.run(tmp_path, "start", "here")
    here = tmp_path / "here"
    page = here / "data/processed/example/reports/directorates/addictions.html"
    assert "2 reports published." in installed.run(here, *report)
    assert "0 reports published; 2 were up to date already." in installed.run(here, *report)

    own = here / "notebooks" / "directorate_report.ipynb"
    add_sentence(own, "Our own sentence.")
    printed = installed.run(here, *report)
    assert "Templates changed in this workspace, and used: directorate_report.ipynb." in printed
    assert "1 report published; 1 was up to date already." in printed
    assert "Our own sentence." in page.read_text("utf-8")
    own.unlink()
    assert "1 report published; 1 was up to date already." in installed.run(here, *report)
    assert "Our own sentence." not in page.read_text("utf-8")

    add_sentence(here / "notebooks" / "explore.ipynb", "Our own sentence.")
    (tmp_path / "newer").mkdir()
    installed.install(newer_wheel(tmp_path / "newer"))
    printed = installed.run(here, *report)
    assert "2 reports published." in printed
    assert "New in this version." in page.read_text("utf-8")
    assert "0 reports published; 2 were up to date already." in installed.run(here, *report)
    printed = installed.run(here, "notebooks", "--update")
    assert printed == (
        "Brought to this version: trust_report.ipynb.\n"
        "Changed here, and left as they are: explore.ipynb.\n"
    )
    assert not own.exists()
