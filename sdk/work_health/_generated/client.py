"""Empty on purpose: the clients are `WorkHealth` and `AsyncWorkHealth` of `work_health`."""
