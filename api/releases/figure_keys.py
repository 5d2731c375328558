"""Keys by which figures are found."""

SeriesKey = tuple[str, str]
"""A measure and one of its series."""
