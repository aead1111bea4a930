"""A profile begun from an export: what each heading is, and what each word means."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
