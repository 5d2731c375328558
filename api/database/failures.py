"""Distinguish how PostgreSQL fails: its own errors, those of its driver, and those that SQLAlchemy makes of them."""

from importlib import import_module
from typing import Any

from sqlalchemy.exc import DBAPIError

driver: Any = import_module("asyncpg")  # asyncpg has no type stubs

DRIVER_ERRORS: tuple[type[Exception], ...] = (driver.PostgresError, driver.InterfaceError)
READ_ONLY_STATE = "25006"
FULL_STATE = "53100"
UNWRITABLE_STATES = {READ_ONLY_STATE, FULL_STATE}
_LOST_CLASSES = ("08", "57P", "58")
"""SQLSTATEs of connections that ended or cannot be made, of servers that stop or start, and of failing disks."""


class DatabaseUnreachable(ConnectionError):  # noqa: N818  the server goes on
    """No connection could be made in time."""


class CommitLost(Exception):  # noqa: N818  nobody knows whether it failed
    """The connection ended while PostgreSQL committed, so that nobody knows whether it did."""


def find_cause(error: BaseException) -> BaseException:
    """Return the driver's error below that of SQLAlchemy."""
    return (error.orig.__cause__ or error.orig) if isinstance(error, DBAPIError) and error.orig else error


def find_sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's code of an error, or an empty string."""
    return getattr(find_cause(error), "sqlstate", None) or ""


def is_connection_lost(error: BaseException) -> bool:
    """Return True if the error means that there is no connection, or that it ended."""
    if isinstance(error, ConnectionError) or find_sqlstate(error).startswith(_LOST_CLASSES):
        return True
    cause = find_cause(error)
    # asyncpg has one class for a connection that is closed and for arguments of the wrong type.
    return isinstance(cause, driver.InterfaceError) and " closed" in str(cause)
