"""How many quality-improvement projects involve service users and carers meaningfully?

Data travels one way, and each arrow is one package::

    export ─► register ─► counts ─► rates ─► spc / funnel / outlook ─► charts + sentences
            (+ quarantine)

    import qi_analysis as qi
    register = qi.load_register("example")
    rates = qi.count_involvement(register, by="directorate").pipe(qi.add_rates)
    qi.plot_rates(rates, aim=register.aim)
"""

import lazy_loader

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
