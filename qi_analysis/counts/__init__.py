"""A clean register to counts: a row a project in, a row a group and period out."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
