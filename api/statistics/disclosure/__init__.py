"""Disclosure control: the only way from counts to figures that may be published.

`policy` checks the rules and `lattice` lists the cells. `release_display` protects each count separately. `audit` tries
to calculate the hidden counts again, and `repair` withholds more figures if it can. `figures` runs these steps in order
and makes the figures. `audit` and `repair` import HiGHS; the other modules are light, so that readers start fast.
"""
