"""Frames to charts. Each takes a frame and an optional ``ax`` and gives the Axes.

Shapes and positions carry the message as well as colour, labels stand beside what they name, and
each chart carries its sentence: in a notebook it becomes the picture's alternative text.
"""

from .areas import plot_areas_by_approach, plot_areas_per_project, plot_time_to_involvement
from .canvas import AIM, APPROACH_COLOURS, BLUE, PURPLE, SPC_COLOURS, SPC_LABELS, SPC_SHAPES
from .groups import plot_funnel, plot_rates
from .icons import plot_icons
from .outlook import plot_outlook
from .shares import plot_approaches, plot_areas, plot_completeness
from .time import plot_rates_over_time, plot_run, plot_spc

__all__ = [
    "AIM", "APPROACH_COLOURS", "BLUE", "PURPLE", "SPC_COLOURS", "SPC_LABELS", "SPC_SHAPES",
    "plot_approaches", "plot_areas", "plot_areas_by_approach", "plot_areas_per_project",
    "plot_completeness", "plot_funnel", "plot_icons", "plot_outlook", "plot_rates",
    "plot_rates_over_time", "plot_run", "plot_spc", "plot_time_to_involvement",
]  # fmt: skip
