"""Who is calling, for which organisation, and what the key permits."""
