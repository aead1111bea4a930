"""The fork server's first steps: run by its path, before anything of this package is imported.

Some libraries ask on their import whether they are in a notebook (pandas does, to choose how wide
a printed table is), so the kernel must be there before they are; and this package imports pandas.
"""

import json
import logging
import os
import sys
import threading
from types import SimpleNamespace

INLINE = "module://matplotlib_inline.backend_inline"  # what a kernel makes matplotlib's default


def make_kernel():
    """Make the one kernel that there is to a process, and its shell; it hears and sends nothing."""
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp
    from jupyter_client.session import Session
    from traitlets.config import Config

    os.environ.setdefault("MPLBACKEND", INLINE)
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


if __name__ == "__main__":
    sys.path[:], workers = json.loads(sys.argv[1])
    with make_kernel().shell.builtin_trap:  # as in a cell: there is a `get_ipython`
        from qi_analysis.reports.forkserver import serve

        serve(workers)
