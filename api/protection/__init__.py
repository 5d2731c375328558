"""Protection: the counts of each organisation are rounded and audited, before releases add them."""
