"""What reviewers decide about returns, what is expected of whom, and who did what."""
