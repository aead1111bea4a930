"""A raw text table to a clean register, and every row's fate; `pipeline` has the steps in order."""
