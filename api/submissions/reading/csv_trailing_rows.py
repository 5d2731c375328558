"""Leave out the footnotes and totals below the table of a CSV file."""

import numpy as np

from api.spelling.trailing_rows import classify_trailing_row
from api.submissions.reading.csv_header import Header
from api.submissions.reading.csv_scanner import Records
from api.submissions.reading.left_out_rows import RowAccount
from schema.submission_reports import RowReason

MAX_TRAILING_ROWS = 30
MAX_TRAILING_BYTES = 64 * 1024


def count_held_back(records: Records) -> int:
    """Return how many of the last records may be below the table, if the text ends after them."""
    if not len(records):
        return 0
    first = int(np.searchsorted(records.start, int(records.end[-1]) - MAX_TRAILING_BYTES))
    return min(len(records) - first, MAX_TRAILING_ROWS)


def leave_out_trailing(records: Records, header: Header, account: RowAccount) -> Records:
    """Return the records without those below the table, which are the last of the file."""
    kept = len(records)
    first = kept - count_held_back(records)
    while kept > first:
        record = records.select(slice(kept - 1, kept))
        cells = _read_cells(record, header)
        area = header.positions.get("area", len(cells))
        reason = classify_trailing_row(cells, cells[area] if area < len(cells) else "")
        if reason is None:
            break
        account.add(RowReason(reason), record.row.tolist())
        kept -= 1
    return records.select(slice(kept))


def _read_cells(record: Records, header: Header) -> list[str]:
    spans = [record.field_spans(index) for index in range(min(int(record.field_count[0]), header.width + 1))]
    return [record.decode_word(int(start[0]), int(length[0])) for start, length in spans]
