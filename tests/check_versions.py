"""Run notebooks with the lowest and the newest releases of what runs them that are allowed.

Usage: python tests/check_versions.py [lowest | newest]

Each set of releases is installed once, in a folder of its own beside the others, and the tests that
compare the engine with Papermill, and its failures with their reasons, are run with it.
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIBRARIES = ("ipykernel", "nbclient", "papermill", "jupyter_client")
TESTS = ["tests/execution/test_engine.py", "tests/execution/test_papermill.py"]
CHOSEN = "come_out or comes_out or parameter or whatever_stops or ordinary or papermill"


def find_bounds() -> dict[str, str]:
    """Return each library's versions that are allowed, as pip takes them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = (re.match(r"([\w-]+)(.*)", each) for each in project["dependencies"])
    return {match[1]: match[2] for match in found if match and match[1] in LIBRARIES}


def install(kind: str) -> Path:
    """Install a set of releases in a folder, unless it is there, and return the folder."""
    bounds = find_bounds()
    wanted = [f"{name}{bounds[name]}" for name in LIBRARIES]
    if kind == "lowest":
        wanted = [re.sub(r">=([\d.]+).*", r"==\1", each) for each in wanted]
    folder = ROOT / ".venv" / "versions" / kind
    listed = folder / "wanted.txt"
    if not listed.exists() or listed.read_text("utf-8") != "\n".join(wanted):
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade"]
        subprocess.run([*command, "--target", str(folder), *wanted], check=True)
        listed.write_text("\n".join(wanted), "utf-8")
    return folder


def check(kind: str) -> int:
    """Run the tests with a set of releases; return pytest's exit code."""
    folder = install(kind)
    names = sorted(each.name.removesuffix(".dist-info") for each in folder.glob("*.dist-info"))
    print(f"{kind}: {', '.join(names)}", flush=True)  # noqa: T201
    # an old library may warn of what a new one has left
    words = [sys.executable, "-m", "pytest", "-q", "-W", "default", "-k", CHOSEN, *TESTS]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(words, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(max(check(kind) for kind in sys.argv[1:] or ("lowest", "newest")))
