"""How many quality-improvement projects involve service users and carers meaningfully?

Data travels one way, and each arrow is one package::

    export ─► register ─► counts ─► rates ─► change / funnel / outlook ─► charts + sentences
            (+ quarantine)

    import qi_analysis as qi
    cleaned = qi.load_cleaned("example")
    counts = qi.count_involvement(cleaned.register, by="directorate")
    rates = qi.add_rates(counts)
    qi.plot_rates(rates, by="directorate", aim="80%")
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
