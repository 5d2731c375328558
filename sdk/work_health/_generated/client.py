"""Empty on purpose: the client is `work_health.client`."""
