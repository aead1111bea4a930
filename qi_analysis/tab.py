"""What a notebook's tab key gives after `qi.`: the names in the order of the work."""

from __future__ import annotations

import re
import sys
from types import ModuleType


def list_in_order(package: ModuleType, names: list[str]) -> None:
    """Have IPython, if this runs in it, complete a package's names in the order given.

    By itself it sorts them by letter, so that the last step of the work may stand first.

    Parameters
    ----------
    package : module
        The one whose names these are, under whatever name it is imported.
    names : list of str
        Its public names, in their order.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier=f"{package.__name__}.names")
    def complete(context):
        asked = re.search(r"(?:^|[^\w.])(\w+)\.(\w*)$", context.text_until_cursor)
        if not asked or shell.user_ns.get(asked[1]) is not package:
            return {"completions": []}
        found = [SimpleCompletion(text=n, type="name") for n in names if n.startswith(asked[2])]
        return {"completions": found, "matched_fragment": asked[2], "ordered": True,
                "suppress": bool(found)}  # fmt: skip

    shell.Completer.custom_matchers.append(complete)
