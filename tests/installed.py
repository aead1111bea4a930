"""A wheel of this source tree in a fresh environment, as a trust gets it, for tests that need one.

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
        return self.start(folder, self.scripts / "qi-analysis", *words, code=code)

    def start(self, folder: Path, *words, code: int = 0) -> str:
        """Run any program in a folder, as ``run`` does."""
        own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        ran = subprocess.run(
            words, cwd=folder, env=own, capture_output=True, text=True, check=False
        )
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    """Install the wheel of this source tree."""
    folder = tmp_path_factory.mktemp("installed")
    return Installed(folder / "environment", build_wheel(ROOT, folder / "wheel"))
