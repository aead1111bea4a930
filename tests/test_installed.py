"""The package as a trust gets it: a wheel, installed in a fresh environment, far from any checkout.

The environment shares the libraries of the one that runs the tests, so that nothing is fetched.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

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


def test_an_installed_package_makes_the_examples_reports_in_an_empty_folder(installed, tmp_path):
    printed = installed.run(tmp_path, "report", "--directorate", "Addictions")
    assert "2 reports published. Open" in printed
    assert (tmp_path / "data/processed/reports/directorates/addictions.html").is_file()
