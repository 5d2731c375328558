"""Returns as of any instant: their revisions, cells, events and templates."""
