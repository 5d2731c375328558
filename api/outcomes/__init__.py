"""What the returns amount to."""
