"""How many quality-improvement projects involve service users and carers meaningfully?

Data travels one way, and each arrow is one package::

    export ─► register ─► counts ─► rates ─► spc / funnel / outlook ─► charts + sentences
            (+ quarantine)

    import qi_analysis as qi
    register = qi.load_register("example")
    rates = qi.count_involvement(register, by="directorate").pipe(qi.add_rates)
    qi.plot_rates(rates, aim=register.aim)
"""

__version__ = "0.2.0"


def __getattr__(name: str):
    """Attach what the package has when it is first asked for, and return it.

    The library that does it is not imported before: without it the command can still say so.
    """
    import lazy_loader

    ours = globals()
    attached = lazy_loader.attach_stub(__name__, __file__)
    ours["__getattr__"], ours["__dir__"], ours["__all__"] = attached
    return ours[name] if name in ours else ours["__getattr__"](name)


def __dir__() -> list[str]:
    """Return the public names."""
    __getattr__("__all__")
    return globals()["__all__"]
