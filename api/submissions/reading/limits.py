"""Limits on the files that are read, and the sizes in which they are read."""

CHUNK_BYTES = 1024 * 1024
MAX_LINE_BYTES = 1024 * 1024  # also of a CSV record with line breaks in it
MAX_FAULTY_LINES = 5000  # of JSON; a line is slow to explain
MAX_ENVELOPE_BYTES = 32 * 1024 * 1024
MAX_ROWS = 3_000_000
MAX_COLUMNS = 200
MAX_EXPLAINED_COLUMNS = 10  # unknown columns that get a suggestion, which is slow to find
MAX_DISTINCT_VALUES = 200_000  # in one column; there are fewer areas than that
MAX_DISTINCT_BYTES = 32 * 1024 * 1024  # of all distinct values in one column
