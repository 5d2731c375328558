"""The changes between two releases, stored in blocks of columns."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import get_args

import msgspec
import numpy as np
from msgspec import Struct

from api.releases.struct_columns import FORMAT_VERSION
from api.releases.struct_tables import UnknownFormat
from api.statistics.disclosure.sparse_rows import IntArray
from api.statistics.packed_arrays import PackedArray, pack_array, unpack_array
from schema.releases import ChangeReason

CHANGES_PER_BLOCK = 65_536
REASONS: tuple[ChangeReason, ...] = get_args(ChangeReason)


class Changes(Struct, frozen=True, kw_only=True, eq=False):
    """Figures that differ from the previous release, in order."""

    why: IntArray
    """Numbers of REASONS."""
    before: IntArray
    """Positions in the previous release; -1 for a new figure."""
    after: IntArray
    """Positions in this release; -1 for a removed figure."""

    def __len__(self) -> int:
        return len(self.why)

    def __getitem__(self, rows: slice | IntArray) -> "Changes":
        return Changes(why=self.why[rows], before=self.before[rows], after=self.after[rows])

    def count_reasons(self) -> Counter[ChangeReason]:
        return Counter({reason: int(np.count_nonzero(self.why == number)) for number, reason in enumerate(REASONS)})


class _PackedChanges(Struct, frozen=True, array_like=True):
    version: int
    reasons: tuple[ChangeReason, ...]
    """The reasons that the numbers of `why` refer to."""
    why: PackedArray
    before: PackedArray
    """Differences from the position before, which are mostly 1."""
    after: PackedArray


def pack_changes(parts: Sequence[Changes]) -> Iterator[tuple[int, int, bytes]]:
    """Yield blocks: the position of the first change, the number of changes, and the packed changes."""
    if not parts:
        return
    whole = Changes(
        why=np.concatenate([part.why for part in parts]),
        before=np.concatenate([part.before for part in parts]),
        after=np.concatenate([part.after for part in parts]),
    )
    for start in range(0, len(whole), CHANGES_PER_BLOCK):
        block = whole[start : start + CHANGES_PER_BLOCK]
        before, after = (pack_array(np.diff(positions, prepend=0)) for positions in (block.before, block.after))
        packed = _PackedChanges(FORMAT_VERSION, REASONS, pack_array(block.why), before, after)
        yield start, len(block), msgspec.msgpack.encode(packed)


def unpack_changes(content: bytes) -> Changes:
    """Raises UnknownFormat, and msgspec.DecodeError if the content is damaged."""
    packed = msgspec.msgpack.decode(content, type=_PackedChanges)
    if packed.version != FORMAT_VERSION:
        raise UnknownFormat(f"Version {packed.version} of the format is not known.")
    reasons = np.array([REASONS.index(reason) for reason in packed.reasons], dtype=np.int64)
    return Changes(
        why=reasons[unpack_array(packed.why)],
        before=np.cumsum(unpack_array(packed.before)),
        after=np.cumsum(unpack_array(packed.after)),
    )
