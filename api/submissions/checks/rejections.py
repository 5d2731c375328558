"""The ways in which a well-formed submission is rejected."""

from api.http.refusals import Conflict, Invalid


class Rejected(Invalid):
    """The submission has errors."""

    example = "One row in a thousand has an unknown area. None of the rows is written."
    fix = "Each error names its rows, the rule and the fix. Correct the rows and send the whole submission again."


class BaseRevisionOutdated(Conflict):
    """The return was made from an older revision than the current one."""

    example = 'You correct revision 1 and send `"base_revision": 1`. A colleague has already sent revision 2.'
    fix = (
        "Each error names a cell that has changed since your revision. Decide whether to accept each change, and send "
        "the return with the number of the current revision as its `base_revision`."
    )


class DryRunOutdated(Conflict):
    """The current returns are no longer those of the dry run."""

    example = "A colleague sends the same return between your dry run and your submission."
    fix = "Repeat the dry run and read its report."
