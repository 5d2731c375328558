"""Disclosure control: the only way from what was counted to what may be published.

`policy` says the rules and `lattice` what may be asked; `display` protects each count by itself; `audit` tries to
work the hidden ones out again, and `repair` withholds a few more where it can; `figures` puts them in this order
and makes the figures. `audit` and `repair` import HiGHS; the rest is light, so that a reader of figures starts fast.
"""
