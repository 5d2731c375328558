"""The exit codes of a command, for schedulers and scripts."""

from enum import IntEnum

from work_health.errors import (
    ApiError,
    Conflict,
    ConnectionFailed,
    NotAllowed,
    NotFound,
    RateLimited,
    RequestRejected,
    ServerError,
    WorkHealthError,
)
from work_health.results import IncompleteSubmission


class ExitCode(IntEnum):
    """An exit code. `EXIT_CODE_MEANINGS` describes each."""

    DONE = 0
    OTHER = 1
    USAGE = 2
    REJECTED = 3
    INCOMPLETE = 4
    NOT_ALLOWED = 5
    CONFLICT = 6
    TRY_LATER = 7


EXIT_CODE_MEANINGS = {
    ExitCode.DONE: "Success. A submission was accepted or was unchanged.",
    ExitCode.OTHER: "Another error; see the message.",
    ExitCode.USAGE: "The command, the settings or the mapping file is invalid.",
    ExitCode.REJECTED: "The file has errors, or the release is refused. Nothing was written.",
    ExitCode.INCOMPLETE: "Some parts were not accepted. Run the command again to resume.",
    ExitCode.NOT_ALLOWED: "The key is missing, has expired, or lacks the scope.",
    ExitCode.CONFLICT: "The current revision has changed. Read it, then decide whether to submit again.",
    ExitCode.TRY_LATER: "The server is unreachable, busy or failed, or its job failed. Run the command again later.",
}


def choose_exit_code(error: WorkHealthError) -> ExitCode:
    """Return the exit code of a command that ends with this error."""
    codes: tuple[tuple[type[WorkHealthError] | tuple[type[WorkHealthError], ...], ExitCode], ...] = (
        (IncompleteSubmission, ExitCode.INCOMPLETE),
        (RequestRejected, ExitCode.REJECTED),
        (NotAllowed, ExitCode.NOT_ALLOWED),
        (Conflict, ExitCode.CONFLICT),
        ((RateLimited, ServerError, ConnectionFailed), ExitCode.TRY_LATER),
        ((NotFound, ApiError), ExitCode.OTHER),
    )
    return next((code for kinds, code in codes if isinstance(error, kinds)), ExitCode.USAGE)
