"""Counts and displays of earlier releases, mapped to the nodes of the newest lattice, and restricted to some nodes."""

from typing import Any

import numpy as np
from msgspec.structs import asdict, replace

from api.releases.protection_task import ProtectionTask
from api.releases.true_counts import TrueCounts
from api.statistics.disclosure.display import Display, make_empty_display
from api.statistics.disclosure.lattice import Nodes, ScopeShape, build_nodes, list_node_periods, locate_nodes
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray


def align_history(task: ProtectionTask, lattice: Nodes) -> tuple[list[TrueCounts], list[Display]]:
    """Return the counts of all releases and the displays of earlier ones, on the nodes of the newest lattice."""
    counts: list[TrueCounts] = []
    displays: list[Display] = []
    for history in task.earlier:
        old = build_nodes(history.shape)
        node_ids = locate_nodes(old, lattice)
        complement_ids = lattice.complement[node_ids[np.flatnonzero(old.complement >= 0)]]
        counts.append(_realign_counts(history.true_counts, node_ids, lattice.size))
        positions = np.concatenate((node_ids, complement_ids))
        displays.append(_realign_display(history.display, positions, lattice.whole.size))
    return [*counts, task.true_counts], displays


def _realign_counts(counts: TrueCounts, node_ids: IntArray, size: int) -> TrueCounts:
    """Map counts to other nodes. Nodes that did not exist then are unknown."""
    own = np.zeros((len(counts.organisations), size), dtype=np.int64)
    own[:, node_ids] = counts.own
    unknown, hidden = np.ones(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
    unknown[node_ids], hidden[node_ids] = counts.unknown, counts.hidden
    return replace(counts, own=own, unknown=unknown, hidden=hidden)


def _realign_display(display: Display, positions: IntArray, size: int) -> Display:
    columns = copy_columns(make_empty_display(size))
    for name, column in asdict(display).items():
        columns[name][positions] = column
    return Display(**columns)


def copy_columns(display: Display) -> dict[str, Any]:
    """Return a copy of each column by name. Columns of a display can share one array."""
    return {name: column.copy() for name, column in asdict(display).items()}


def select_nodes(nodes: Nodes, shape: ScopeShape) -> BoolArray:
    """Return a mask of the nodes and complements that belong to the periods of a shape."""
    mask = np.isin(list_node_periods(nodes), list(shape.periods))
    return np.concatenate((mask, mask[nodes.complement[: mask.size] >= 0]))


def restrict_counts(counts: TrueCounts, mask: BoolArray) -> TrueCounts:
    return replace(counts, own=counts.own[:, mask], unknown=counts.unknown[mask], hidden=counts.hidden[mask])


def restrict_display(display: Display, mask: BoolArray) -> Display:
    return Display(**{name: column[mask] for name, column in asdict(display).items()})
