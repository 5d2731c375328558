"""Calculate figures from returns: query, resolution, roll-up, intervals, verdicts. Used by previews and by releases."""
