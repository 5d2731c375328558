"""Write a failure that repeats once in a minute, with the number of those left out, so that an outage fills no disk."""

import logging
import time
from collections.abc import Callable

from msgspec import Struct

PAUSE_SECONDS = 60.0
MAX_KINDS = 1000
Kind = tuple[str, ...]


class WrittenFailure(Struct):
    """When a failure was written, and how many of its kind were left out since."""

    at: float
    left_out: int = 0


class RepeatedFailures(logging.Filter):
    """Lets the first record of a kind pass, and then one in each minute."""

    def __init__(self, *, read_seconds: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._read_seconds = read_seconds
        self._written: dict[Kind, WrittenFailure] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        kind, now = find_kind(record), self._read_seconds()
        written = self._written.get(kind)
        if written is not None and now - written.at < PAUSE_SECONDS:
            written.left_out += 1
            return False
        record.left_out = written.left_out if written else 0
        if len(self._written) >= MAX_KINDS:
            self._written.clear()
        self._written[kind] = WrittenFailure(now)
        return True


def find_kind(record: logging.LogRecord) -> Kind:
    """Return what equal failures share: the place and type of the error, or the message of a record without one."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return (record.name, record.getMessage())
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
    return (record.name, str(record.msg), type(error).__qualname__, str(getattr(error, "sqlstate", "")), where)
