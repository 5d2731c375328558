"""Pages for people: progress, measures, the logic model and returns, by the same rules as the API."""
