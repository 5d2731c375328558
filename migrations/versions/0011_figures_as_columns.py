"""Store the figures of a release as columns, a row for each series and period, and its changes in blocks.

The hash of a release now covers the content of its blocks. The migration first checks the hash of the JSON that it
replaces, and stops if they disagree. It converts release by release and commits each block, so that it can be stopped
and repeated. Releases that are published meanwhile are converted at the end, under a lock.

Going back writes the same JSON again, and therefore the same hash.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROWS_PER_READ = 5000
CHANGES_PER_BLOCK = 65_536
FORMAT_VERSION = 1
REASONS = ["new", "data", "held_back", "correction", "definition", "removed"]
STRUCTS = frozenset(("period", "coverage", "trend", "movement", "target", "source"))
NARROWER_DTYPES = {"i": (np.int8, np.int16, np.int32), "f": (np.float16, np.float32)}
WIDEST_DTYPES = {"i": np.int64, "f": np.float64}
BLOCK_TABLES, ROW_TABLES = ("figure_block", "change_block"), ("figure", "change")
ROLES = "work_health_public, work_health_app, work_health_publisher"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        create_block_tables()
        convert_to_blocks(op.get_bind())
    op.execute("lock table release.release, release.figure, release.change in access exclusive mode")
    convert_to_blocks(op.get_bind())
    for table in ROW_TABLES:
        op.drop_table(table, schema="release")
    add_walls(BLOCK_TABLES)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        create_row_tables()
        convert_to_rows(op.get_bind())
    op.execute("lock table release.release, release.figure_block, release.change_block in access exclusive mode")
    convert_to_rows(op.get_bind())
    for table in BLOCK_TABLES:
        op.drop_table(table, schema="release")
    add_walls(ROW_TABLES)


def create_block_tables() -> None:
    op.create_table(
        "figure_block",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("first_position", sa.Integer(), nullable=False),
        sa.Column("figure_count", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "first_position >= 0 and figure_count >= 1", name=op.f("figure_block_figures_are_counted_ck")
        ),
        sa.PrimaryKeyConstraint("programme", "release", "series", "period", name=op.f("figure_block_pk")),
        schema="release",
        comment="The figures of a series in a period of a release, as columns. Positions are in the order of the plan.",
        if_not_exists=True,
    )
    op.create_index(
        "figure_block_in_order_ix",
        "figure_block",
        ["programme", "release", "first_position"],
        unique=True,
        schema="release",
        if_not_exists=True,
    )
    op.create_table(
        "change_block",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("first_position", sa.Integer(), nullable=False),
        sa.Column("change_count", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "first_position >= 0 and change_count >= 1", name=op.f("change_block_changes_are_counted_ck")
        ),
        sa.PrimaryKeyConstraint("programme", "release", "first_position", name=op.f("change_block_pk")),
        schema="release",
        comment="What differs from the release before, as columns: positions of figures in that release and in this one.",
        if_not_exists=True,
    )


def create_row_tables() -> None:
    op.create_table(
        "figure",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("area", sa.Integer(), nullable=False),
        sa.Column("breakdown", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("programme", "release", "position", name=op.f("figure_pk")),
        schema="release",
        comment="The figures of a release as they are answered, in the order of the plan.",
        if_not_exists=True,
    )
    op.create_index(
        "figure_of_series_ix",
        "figure",
        ["programme", "release", "series", "period", "area", "breakdown"],
        unique=True,
        schema="release",
        if_not_exists=True,
    )
    op.create_table(
        "change",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("after", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("programme", "release", "position", name=op.f("change_pk")),
        schema="release",
        comment="What differs from the release before: the positions of the figures in that release and in this one.",
        if_not_exists=True,
    )


def add_walls(tables: Iterable[str]) -> None:
    for table in tables:
        op.execute(f"grant select on release.{table} to {ROLES}")
        op.execute(f"grant insert on release.{table} to work_health_publisher")
        op.execute(
            f"create trigger written_once after insert on release.{table} "
            "referencing new table as written for each statement execute function release.written_once()"
        )


def execute(bind: sa.Connection, statement: str, rows: Any = None) -> Sequence[Any]:
    result = bind.execute(sa.text(statement), rows)
    return result.all() if result.returns_rows else []


def list_releases(bind: sa.Connection) -> Iterator[tuple[dict[str, int], bytes]]:
    for programme, number, sha256 in execute(
        bind, "select programme, number, sha256 from release.release order by 1, 2"
    ):
        yield {"programme": programme, "release": number}, sha256


def check_hash(bind: sa.Connection, key: dict[str, int], stored: bytes, old: bytes, new: bytes) -> None:
    """Replace the hash of a release, unless it is replaced already."""
    if stored not in (old, new):
        raise RuntimeError(
            f"The figures of release {key['release']} of programme {key['programme']} contradict its hash."
        )
    statement = "update release.release set sha256 = :new where programme = :programme and number = :release"
    execute(bind, statement, key | {"new": new})


def convert_to_blocks(bind: sa.Connection) -> None:
    for key, stored in list_releases(bind):
        new_hash = hash_blocks(bind, key)
        if stored == new_hash:
            continue
        old_hash, new_hash = hashlib.sha256(), hashlib.sha256()
        rows = read_rows(bind, "select position, series, period, content from release.figure", key)
        for (series, period), group in groupby(rows, lambda row: (row.series, row.period)):
            figures = list(group)
            for row in figures:
                old_hash.update(row.content if row.position == 0 else b"\n" + row.content)
            content = pack_figures([msgspec.json.decode(row.content) for row in figures])
            new_hash.update(content)
            block = {"series": series, "period": period, "content": content}
            add_block(bind, key, figures[0].position, len(figures), block)
        changes = read_rows(bind, "select position, why, before, after from release.change", key)
        for _, group in groupby(changes, lambda row: row.position // CHANGES_PER_BLOCK):
            rows = list(group)
            statement = """
                insert into release.change_block (programme, release, first_position, change_count, content)
                values (:programme, :release, :first, :count, :content) on conflict do nothing
            """
            execute(
                bind, statement, key | {"first": rows[0].position, "count": len(rows), "content": pack_changes(rows)}
            )
        check_hash(bind, key, stored, old_hash.digest(), new_hash.digest())


def add_block(bind: sa.Connection, key: dict[str, int], first: int, count: int, block: dict[str, object]) -> None:
    """Add a block, unless it was added before. The figures of a series in a period are consecutive."""
    statement = """
        insert into release.figure_block (programme, release, series, period, first_position, figure_count, content)
        values (:programme, :release, :series, :period, :first, :count, :content)
        on conflict (programme, release, first_position) do nothing
    """
    execute(bind, statement, key | block | {"first": first, "count": count})


def read_rows(bind: sa.Connection, select: str, key: dict[str, int]) -> Iterator[Any]:
    """Yield the rows of a release in order."""
    statement = f"""
        {select} where programme = :programme and release = :release and position >= :start
        order by position limit {ROWS_PER_READ}
    """
    rows: Sequence[Any] = [None]
    start = 0
    while rows:
        rows = execute(bind, statement, key | {"start": start})
        yield from rows
        start = rows[-1].position + 1 if rows else 0


def hash_blocks(bind: sa.Connection, key: dict[str, int]) -> bytes:
    hashed = hashlib.sha256()
    for _, _, _, content in read_blocks(bind, key):
        hashed.update(content)
    return hashed.digest()


def read_blocks(bind: sa.Connection, key: dict[str, int]) -> Iterator[tuple[int, int, str, bytes]]:
    """Yield the first position, the series, the period and the content of each block of a release, in order."""
    statement = """
        select first_position, series, period, content from release.figure_block
        where programme = :programme and release = :release and first_position >= :start
        order by first_position limit 1
    """
    rows: Sequence[Any] = [None]
    start = 0
    while rows:
        rows = execute(bind, statement, key | {"start": start})
        for row in rows:
            yield tuple(row)
            start = row.first_position + 1


def convert_to_rows(bind: sa.Connection) -> None:
    for key, stored in list_releases(bind):
        old_hash, new_hash = hashlib.sha256(), hashlib.sha256()
        areas = dict(execute(bind, "select code, id from area where programme = :programme", key))
        breakdowns = dict(execute(bind, "select key, id from breakdown where programme = :programme", key))
        for first, series, period, content in read_blocks(bind, key):
            old_hash.update(content)
            figures = unpack_figures(content)
            texts = [msgspec.json.encode(figure) for figure in figures]
            for position, text in enumerate(texts, first):
                new_hash.update(text if position == 0 else b"\n" + text)
            rows = [
                key
                | {"position": position, "series": series, "period": period, "content": text}
                | {"area": areas[figure["area"]], "breakdown": breakdowns[format_key(figure["breakdown"])]}
                for position, (figure, text) in enumerate(zip(figures, texts, strict=True), first)
            ]
            statement = """
                insert into release.figure values
                (:programme, :release, :position, :series, :period, :area, :breakdown, :content) on conflict do nothing
            """
            execute(bind, statement, rows)
        statement = """
            select first_position, content from release.change_block
            where programme = :programme and release = :release order by first_position
        """
        for first, content in execute(bind, statement, key):
            rows = [key | change for change in unpack_changes(content, first)]
            statement = """
                insert into release.change values (:programme, :release, :position, :why, :before, :after)
                on conflict do nothing
            """
            execute(bind, statement, rows)
        check_hash(bind, key, stored, old_hash.digest(), new_hash.digest())


def format_key(breakdown: dict[str, str]) -> str:
    return ";".join(f"{dimension}={breakdown[dimension]}" for dimension in sorted(breakdown))


# The format as of this migration. Later versions of the software may read and write others.


def pack_figures(figures: list[dict[str, Any]]) -> bytes:
    columns: dict[str, object] = {}
    indices: dict[tuple[str, bytes], int] = {}
    for name in figures[0]:
        values = [figure[name] for figure in figures]
        if name not in STRUCTS:
            columns[name] = pack_column(values, indices)
            continue
        columns[name] = pack_column([None if value is None else True for value in values], indices)
        for field in next((value for value in values if value is not None), ()):
            columns[f"{name}.{field}"] = pack_column([value and value[field] for value in values], indices)
    packed = {"version": FORMAT_VERSION, "row_count": len(figures), "columns": columns, "indices": list(indices)}
    return msgspec.msgpack.encode(packed)


def pack_column(values: list[Any], indices: dict[tuple[str, bytes], int]) -> tuple[object, ...]:
    encoded = [msgspec.json.encode(value) for value in values]
    groups: dict[type, dict[bytes, Any]] = {object: {}, int: {}, float: {}}
    for text, value in zip(encoded, values, strict=True):
        groups.get(type(value), groups[object])[text] = value
    places = {text: place for place, text in enumerate(text for group in groups.values() for text in group)}
    rows = pack_array(np.array([places[text] for text in encoded], dtype=np.int64))
    integers, floats = [*groups[int].values()], [*groups[float].values()]
    return (
        list(groups[object]),
        pack_array(np.array(integers, dtype=np.int64)) if integers else None,
        pack_array(np.array(floats, dtype=np.float64)) if floats else None,
        indices.setdefault(rows, len(indices)) if len(places) > 1 else None,
    )


def pack_changes(rows: Sequence[Any]) -> bytes:
    why = np.array([REASONS.index(row.why) for row in rows], dtype=np.int64)
    positions = ([-1 if row[column] is None else row[column] for row in rows] for column in (2, 3))
    before, after = (pack_array(np.diff(np.array(one, dtype=np.int64), prepend=0)) for one in positions)
    return msgspec.msgpack.encode([FORMAT_VERSION, REASONS, pack_array(why), before, after])


def pack_array(array: Any) -> tuple[str, bytes]:
    for kind in NARROWER_DTYPES[array.dtype.kind]:
        with np.errstate(over="ignore"):
            narrow = array.astype(kind)
        if np.array_equal(narrow, array):
            array = narrow
            break
    return array.dtype.newbyteorder("<").str, array.astype(array.dtype.newbyteorder("<")).tobytes()


def unpack_array(packed: tuple[str, bytes]) -> Any:
    array = np.frombuffer(packed[1], dtype=packed[0])
    return array.astype(WIDEST_DTYPES[array.dtype.kind])


def unpack_figures(content: bytes) -> list[dict[str, Any]]:
    packed = msgspec.msgpack.decode(content)
    count, structs = packed["row_count"], {name.partition(".")[0] for name in packed["columns"] if "." in name}
    figures: list[dict[str, Any]] = [{} for _ in range(count)]
    for name, (texts, integers, floats, number) in packed["columns"].items():
        values = [msgspec.json.decode(text) for text in texts]
        values += [value for array in (integers, floats) if array for value in unpack_array(array).tolist()]
        rows = [0] * count if number is None else unpack_array(packed["indices"][number]).tolist()
        top, _, field = name.partition(".")
        for figure, row in zip(figures, rows, strict=True):
            if not field:
                figure[name] = {} if name in structs and values[row] else values[row]
            elif figure[top] is not None:
                figure[top][field] = values[row]
    return figures


def unpack_changes(content: bytes, first: int) -> list[dict[str, object]]:
    _, reasons, why, before, after = msgspec.msgpack.decode(content)
    positions = [np.cumsum(unpack_array(steps)).tolist() for steps in (before, after)]
    return [
        {
            "position": position,
            "why": reasons[reason],
            "before": None if old < 0 else old,
            "after": None if new < 0 else new,
        }
        for position, (reason, old, new) in enumerate(zip(unpack_array(why).tolist(), *positions, strict=True), first)
    ]
