"""Receive submissions: read them, check them tier by tier, and record numbered revisions."""
