"""Audit histories: what a release stores for the audits of later releases.

A history contains true counts. Only the next audit reads the table that stores it.
"""

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import fields

from api.releases.packed_arrays import narrow_array
from api.releases.true_counts import TrueCounts
from api.statistics.disclosure.display import Display
from api.statistics.disclosure.lattice import ScopeShape
from schema.disclosure import PERSONS_RULE, Rule

# Attributes and the names under which databases store their columns: a stored name never changes.
_COUNT_COLUMNS = {"own": "own", "unknown": "unknown", "hidden": "hidden", "publish_alone": "may_stand_alone"}
_RENAMED_DISPLAY_COLUMNS = {"implied_low": "told_low", "implied_high": "told_high"}
_DISPLAY_COLUMNS = {field.name: _RENAMED_DISPLAY_COLUMNS.get(field.name, field.name) for field in fields(Display)}
_DTYPES_BY_KIND = {"b": np.bool_, "i": np.int64, "f": np.float64}


class AuditHistory(Struct, frozen=True, kw_only=True, eq=False):
    """The shape, true counts and display of a scope in one release."""

    shape: ScopeShape
    true_counts: TrueCounts
    display: Display
    group_numbers: dict[str, int]
    """The knowledge group of each organisation."""
    rule: Rule = PERSONS_RULE
    """The rule that protected the scope."""


class _PackedHistory(Struct, frozen=True, kw_only=True):
    shape: ScopeShape
    organisations: tuple[str, ...]
    group: dict[str, int]
    columns: dict[str, tuple[str, list[int], bytes]]
    rule: Rule = PERSONS_RULE


def pack_history(history: AuditHistory) -> bytes:
    """Encode a history: equal content gives equal bytes, and each column uses the narrowest exact type."""
    columns = {f"frozen.{stored}": getattr(history.true_counts, name) for name, stored in _COUNT_COLUMNS.items()}
    columns |= {f"display.{stored}": getattr(history.display, name) for name, stored in _DISPLAY_COLUMNS.items()}
    narrow = {name: narrow_array(column) for name, column in columns.items()}
    return msgspec.msgpack.encode(
        _PackedHistory(
            shape=history.shape,
            organisations=history.true_counts.organisations,
            group=history.group_numbers,
            rule=history.rule,
            columns={name: (a.dtype.str, list(a.shape), a.tobytes()) for name, a in narrow.items()},
        )
    )


def unpack_history(content: bytes) -> AuditHistory:
    packed = msgspec.msgpack.decode(content, type=_PackedHistory)
    columns = {
        name: np.frombuffer(data, dtype=np.dtype(kind)).reshape(shape).astype(_DTYPES_BY_KIND[np.dtype(kind).kind])
        for name, (kind, shape, data) in packed.columns.items()
    }
    counts = {name: columns[f"frozen.{stored}"] for name, stored in _COUNT_COLUMNS.items()}
    display = {name: columns[f"display.{stored}"] for name, stored in _DISPLAY_COLUMNS.items()}
    return AuditHistory(
        shape=packed.shape,
        true_counts=TrueCounts(organisations=packed.organisations, **counts),  # pyright: ignore[reportArgumentType]
        group_numbers=packed.group,
        rule=packed.rule,
        display=Display(**display),  # pyright: ignore[reportArgumentType]
    )
