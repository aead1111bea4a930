"""The fork server's first steps: run by its path, before anything of this package is imported.

Some libraries ask on their import whether they are in a notebook (pandas does, to choose how wide
a printed table is), so the kernel must be there before they are; and this package imports pandas.
"""

import gc
import json
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

INLINE = "module://matplotlib_inline.backend_inline"  # what a kernel makes matplotlib's default


@contextmanager
def no_settings() -> Iterator[None]:
    """Have notebooks run alike in every account: by no settings that are kept there for other work.

    Those of matplotlib could change a chart, or show none; those of IPython run what they like; and
    a page would not tell. IPython's folder, an empty one, is there only meanwhile.
    """
    (matplotlib,) = find_spec("matplotlib").submodule_search_locations
    os.environ["MATPLOTLIBRC"] = str(Path(matplotlib) / "mpl-data" / "matplotlibrc")
    os.environ.update(MPLBACKEND=INLINE, PYTHONUTF8="1")
    os.environ.pop("PYTHONSTARTUP", None)
    before = os.environ.pop("IPYTHONDIR", None)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as empty:
        os.environ["IPYTHONDIR"] = empty
        try:
            yield
        finally:
            del os.environ["IPYTHONDIR"]
            if before:
                os.environ["IPYTHONDIR"] = before


def make_kernel():
    """Make the one kernel that there is to a process, and its shell; it hears and sends nothing."""
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp
    from jupyter_client.session import Session
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False  # else it has a database, and a thread to write it
    program = IPKernelApp.instance(config=settings)
    program.kernel = IPythonKernel.instance(
        parent=program,
        session=Session(),
        iopub_socket=object(),
        log=logging.getLogger("kernel"),
        shell_channel_thread=SimpleNamespace(parent_thread=threading.main_thread()),
    )
    return program.kernel


@contextmanager
def telling_why(answers: int) -> Iterator[None]:
    """Write what ends this process, if it is an error, where its answers are read."""
    try:
        yield
    except Exception as fault:
        why = f"{type(fault).__name__}: {fault}"
        os.write(answers, json.dumps({"ended": why}).encode() + b"\n")
        raise


if __name__ == "__main__":
    gc.disable()  # what is imported stays: to look for garbage in it takes a quarter of the time
    sys.path[:], workers = json.loads(sys.argv[1])
    os.chdir("/")  # where there is no file of settings
    with telling_why(answers := os.dup(1)):
        with no_settings():
            kernel = make_kernel()
        with kernel.shell.builtin_trap:  # as in a cell: there is a `get_ipython`
            from qi_analysis.reports.forkserver import serve

            serve(workers, answers)
    os._exit(0)  # to take apart all that was imported would be waited for
