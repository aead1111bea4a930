"""Print pages as PDF, by a browser of the Chromium family where one is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..profile import RegisterError

NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "msedge",
)  # fmt: skip
PLACES = (  # where Windows and macOS keep them, below the folders that hold programs
    "Microsoft/Edge/Application/msedge.exe",
    "Google/Chrome/Application/chrome.exe",
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
ROOTS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
LONGEST = 120  # seconds to print a page


def find_browser() -> str:
    """Find a browser that prints pages.

    Raises
    ------
    RegisterError
        If there is none.
    """
    folders = [*filter(None, map(os.environ.get, ROOTS)), "/Applications"]
    places = [str(Path(folder, place)) for folder in folders for place in PLACES]
    for name in (*NAMES, *places):
        if found := shutil.which(name):
            return found
    raise RegisterError(
        "`--pdf` needs Chromium, Chrome or Edge to print the pages, and none is installed here. "
        "Install one, or leave `--pdf` out: the pages themselves need nothing."
    )


def print_page(browser: str, page: Path) -> None:
    """Print a page as PDF beside it.

    Raises
    ------
    OSError
        If no PDF came of it.
    """
    pdf = page.with_suffix(".pdf")
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as own:
        command = [
            browser, "--headless", *root, "--disable-gpu", "--no-first-run",
            "--disable-background-networking", f"--user-data-dir={own}", "--no-pdf-header-footer",
            f"--print-to-pdf={pdf.resolve()}", page.resolve().as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(command, capture_output=True, timeout=LONGEST, check=True)
        except subprocess.SubprocessError:
            pdf.unlink(missing_ok=True)
    if not pdf.is_file():
        raise OSError(None, "the browser did not print it")
