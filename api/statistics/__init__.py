"""What the figures allow: pure functions over periods, counts and ratios; no I/O, no clock."""
