"""Check a submission, tier by tier."""
