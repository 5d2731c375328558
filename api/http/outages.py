"""Refusals of requests that the database cannot serve now, and which of its errors leads to which."""

from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.database.failures import FULL_STATE, READ_ONLY_STATE, CommitLost, find_sqlstate, is_connection_lost
from api.http.refusals import Refusal, ServerBusy

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# Not enough memory or connections; a lock or a statement that takes too long; a transaction that was idle for too long;
# transactions that wait for each other.
_OVERLOAD_STATES = {"53000", "53200", "53300", "53400", "55P03", "57014", "25P03", "40001", "40P01"}


class DatabaseUnavailable(Refusal):
    """The database does not answer at the moment."""

    status = 503
    example = "The operator restarts PostgreSQL, which takes some seconds. Or the network to it is interrupted."
    fix = (
        "Wait as long as `Retry-After` states, and send the same request again. The SDK does it for at least 30 "
        "seconds. The transaction that was interrupted wrote nothing."
    )
    retry_after = 5


class DatabaseReadOnly(Refusal):
    """The database can be read but not written at the moment."""

    status = 503
    example = (
        "The operator moves the database to another machine. Submissions wait, and partners read their returns.\n\n"
        "A reviewer's read of returns is refused too: each one is recorded in the audit, which cannot be written."
    )
    fix = "Nothing was written. Wait as long as `Retry-After` states, and send the same request again."
    retry_after = 15


class StorageFull(Refusal):
    """The database has no space left to write."""

    status = 503
    example = "The disk of PostgreSQL is full. Reads that record nothing still work."
    fix = "Nothing was written. Inform the operator, wait as long as `Retry-After` states, and send the request again."
    retry_after = 60


class OutcomeUnknown(Refusal):
    """The connection to the database ended while the request was being stored: it may have been stored, or not."""

    status = 503
    example = "PostgreSQL was stopped, or the network cut, between the order to store a submission and its answer."
    fix = (
        "With an `Idempotency-Key`, send the same request again with the same key: it is carried out only once. "
        "Without a key, first read whether the change exists, for example the current revision of the return."
    )
    retry_after = 5


def find_outage(error: Exception, method: str) -> Refusal | None:
    """Return the refusal of a request with this method that the database did not serve, or None for another error."""
    if isinstance(error, CommitLost) and method not in SAFE_METHODS:
        return OutcomeUnknown("The database may have stored the request.")
    sqlstate = find_sqlstate(error)
    if sqlstate == READ_ONLY_STATE:
        return DatabaseReadOnly("The database cannot be written at the moment.")
    if sqlstate == FULL_STATE:
        return StorageFull("The database has no space left.")
    if isinstance(error, PoolTimeoutError) or sqlstate in _OVERLOAD_STATES:
        return ServerBusy("The database did not answer in time.")
    if isinstance(error, CommitLost) or is_connection_lost(error):
        return DatabaseUnavailable("There is no connection to the database.")
    return None
