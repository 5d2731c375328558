"""How a command ends, for schedulers and scripts."""

from enum import IntEnum

from work_health.errors import (
    ApiError,
    Conflict,
    ConnectionFailed,
    NotAllowed,
    NotFound,
    RateLimited,
    Rejected,
    ServerFault,
    WorkHealthError,
)
from work_health.reports import PartlySubmitted


class Exit(IntEnum):
    """The codes, each with what to do about it."""

    DONE = 0
    OTHER = 1
    USAGE = 2
    REJECTED = 3
    PARTLY = 4
    NOT_ALLOWED = 5
    CONFLICT = 6
    TRY_LATER = 7


MEANINGS = {
    Exit.DONE: "Done; after a submission, what was sent stands.",
    Exit.OTHER: "Something else; the message says what.",
    Exit.USAGE: "The command, the settings or the mapping file cannot be understood.",
    Exit.REJECTED: "Findings: nothing was written. Mend the file.",
    Exit.PARTLY: "Sent in parts, and some are not taken. Run it again to go on.",
    Exit.NOT_ALLOWED: "No key, a key that has ended, or one that does not open this.",
    Exit.CONFLICT: "What stands has moved since. Look, and decide.",
    Exit.TRY_LATER: "Not reached, too busy, or the server's own fault. Run it again later.",
}


def code_of(error: WorkHealthError) -> Exit:
    """The code that an error ends the command with."""
    kinds: tuple[tuple[type[WorkHealthError] | tuple[type[WorkHealthError], ...], Exit], ...] = (
        (PartlySubmitted, Exit.PARTLY),
        (Rejected, Exit.REJECTED),
        (NotAllowed, Exit.NOT_ALLOWED),
        (Conflict, Exit.CONFLICT),
        ((RateLimited, ServerFault, ConnectionFailed), Exit.TRY_LATER),
        ((NotFound, ApiError), Exit.OTHER),
    )
    return next((code for kind, code in kinds if isinstance(error, kind)), Exit.USAGE)
