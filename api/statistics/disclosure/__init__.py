"""Disclosure control: the only way from counts to figures that may be published.

`policy` checks the rules and `lattice` lists the cells. `source_protection` rounds and audits the counts of one
provider. `contribution_sums` states how far their sum can be from the truth, and `displayed_counts` calculates
percentages. `source_protection` imports HiGHS; the modules that read releases are light, so that readers start fast.
"""
