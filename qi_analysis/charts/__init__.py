"""Frames to charts. Each takes a frame and an optional ``ax`` and gives the Axes.

Shapes and positions carry the message as well as colour, labels stand beside what they name, and
each chart carries its sentence: in a notebook it becomes the picture's alternative text.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
