"""Pages for people: the reference of the API, the guides, and the meaning of every code."""
