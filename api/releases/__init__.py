"""Releases: what is approved, protected as a whole, published, and read by everybody."""
