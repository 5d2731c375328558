"""Empty on purpose: the errors are in `work_health.errors`."""
