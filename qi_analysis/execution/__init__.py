"""Notebooks run safely and fast; it knows nothing of registers."""
