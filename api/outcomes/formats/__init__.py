"""The formats in which outcomes are written."""
