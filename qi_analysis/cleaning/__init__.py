"""A raw text table to a clean register, and what became of each row; `pipeline` has the steps."""
