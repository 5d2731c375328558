"""Read CSV, NDJSON and JSON into columns."""
