"""Frames to charts. Each takes a frame and an optional ``ax`` and gives the Axes.

Shapes and positions carry the message as well as colour, labels stand beside what they name, and
each chart carries its sentence: in a notebook it becomes the picture's alternative text.
"""

from .canvas import AIM, APPROACH_COLOURS, BLUE, PURPLE, SPC_COLOURS, SPC_LABELS, SPC_SHAPES
from .groups import plot_funnel, plot_rates
from .icons import plot_icons
from .shares import plot_approaches, plot_areas, plot_completeness
from .time import plot_rates_over_time, plot_run, plot_spc

__all__ = [
    "AIM", "APPROACH_COLOURS", "BLUE", "PURPLE", "SPC_COLOURS", "SPC_LABELS", "SPC_SHAPES",
    "plot_approaches", "plot_areas", "plot_completeness", "plot_funnel", "plot_icons", "plot_rates",
    "plot_rates_over_time", "plot_run", "plot_spc",
]  # fmt: skip
