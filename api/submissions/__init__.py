"""What partners send: checked tier by tier, kept in numbered revisions, never changed."""
