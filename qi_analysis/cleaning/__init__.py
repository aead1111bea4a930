"""The steps from an export's text to a clean register, in the order that `register` takes them.

headings (which column is which) ─► footers (which rows are projects) ─► values (cells to values,
through `cells`) ─► directorates ─► duplicates ─► fates (accepted, set aside, dropped; `summary`
shows them). `columns` declares what the register holds, `personal` masks what identifies people,
and `columnar` works on whole columns at once.
"""
