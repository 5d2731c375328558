"""Checks of stored releases: that their blocks can be read, are complete, and agree with their hash."""

import hashlib
from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
from msgspec import Struct

from api.releases.change_blocks import REASONS, unpack_changes
from api.releases.figure_blocks import FigureBlock

StoredBlock = tuple[int, int, bytes]
"""The first position, the number of figures or changes, and the content."""

UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, LookupError)
"""The exceptions that reading a damaged block, or one in an unknown format, raises."""


class Fault(Struct, frozen=True):
    """A fault of a stored release."""

    code: str
    message: str


class StoredRelease(Struct, frozen=True, kw_only=True):
    """The statements of a release about its content."""

    sha256: bytes
    figure_count: int
    change_count: int
    previous_figure_count: int
    """The number of figures of the release before, 0 for the first release."""


def find_figure_faults(release: StoredRelease, blocks: Iterable[StoredBlock]) -> Iterator[Fault]:
    """Yield the faults of the figures of a release, given in order."""
    hashed, next_position = hashlib.sha256(), 0
    for first, count, content in blocks:
        hashed.update(content)
        yield from _find_gap("figure", first, next_position)
        next_position = first + count
        try:
            block = FigureBlock(first, content)
            figures = block.decode(np.arange(block.table.row_count))
        except UNREADABLE as error:
            yield Fault("unreadable", f"The figures from position {first} cannot be read: {error}")
            continue
        if len(figures) != count:
            yield Fault("count", f"The block at position {first} has {len(figures)} figures instead of {count}.")
    if next_position != release.figure_count:
        yield Fault("total", f"The release has {next_position} figures; its report states {release.figure_count}.")
    if hashed.digest() != release.sha256:
        yield Fault(
            "hash", f"The hash of the figures is {hashed.hexdigest()}; the release states {release.sha256.hex()}."
        )


def find_change_faults(release: StoredRelease, blocks: Iterable[StoredBlock]) -> Iterator[Fault]:
    """Yield the faults of the changes of a release, given in order."""
    next_position = 0
    for first, count, content in blocks:
        yield from _find_gap("change", first, next_position)
        next_position = first + count
        try:
            changes = unpack_changes(content)
        except UNREADABLE as error:
            yield Fault("unreadable", f"The changes from position {first} cannot be read: {error}")
            continue
        if len(changes) != count:
            yield Fault("count", f"The block at position {first} has {len(changes)} changes instead of {count}.")
        is_new, is_removed = changes.why == REASONS.index("new"), changes.why == REASONS.index("removed")
        is_right = (
            (is_new == (changes.before == -1))
            & (is_removed == (changes.after == -1))
            & (changes.before < release.previous_figure_count)
            & (changes.after < release.figure_count)
            & (np.minimum(changes.before, changes.after) >= -1)
        )
        yield from (
            Fault("no-figure", f"The change at position {first + row} names a figure that does not exist.")
            for row in np.flatnonzero(~is_right).tolist()
        )
    if next_position != release.change_count:
        yield Fault("total", f"The release has {next_position} changes; its report states {release.change_count}.")


def _find_gap(what: str, first: int, expected: int) -> Iterator[Fault]:
    if first != expected:
        yield Fault("gap", f"A block of {what}s begins at position {first} instead of {expected}.")
