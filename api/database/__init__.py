"""Connections and roles, the job queue, and the embedded PostgreSQL."""
