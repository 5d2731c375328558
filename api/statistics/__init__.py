"""Statistical methods: pure functions of periods, counts and ratios, without I/O or clock."""
