"""MONITOR: logs, health and metrics, for the operator."""
