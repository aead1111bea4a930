"""Charts: each function takes a frame and, if given, ``ax``, and returns the Axes.

Shapes and positions carry the message as well as colour, labels stand beside what they name, and
each figure has a sentence that becomes the picture's alternative text in a notebook.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
