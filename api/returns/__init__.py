"""Reading returns: as they stand, as they stood, what changed, and what is to be filled in."""
