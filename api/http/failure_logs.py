"""Describe an error of the server for its log, without the values of any row."""

import traceback
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from api.database.failures import DRIVER_ERRORS


def describe_failure(error: BaseException) -> str:
    """Return the traceback of an error and of its causes.

    Messages of the database and its driver are left out: they contain values of parameters and of rows. Their SQLSTATE
    is included.
    """
    return "\n".join("".join(_describe(each)) for each in _list_causes(error))


def _list_causes(error: BaseException) -> list[BaseException]:
    """Return the error and its causes, the first cause first."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.insert(0, cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return causes


def _describe(error: BaseException) -> Iterator[str]:
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, (SQLAlchemyError, *DRIVER_ERRORS)) or hasattr(error, "sqlstate"):
        yield f"{name}: SQLSTATE {getattr(error, 'sqlstate', None) or 'unknown'}"
    else:
        yield f"{name}: {error}"
