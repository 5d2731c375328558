"""Mistakes in a plan file: where each one is, what it is, what is allowed, and the nearest allowed value."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from msgspec import Struct

from api.http.refusals import Invalid
from api.spelling.names import find_similar

MAX_LISTED_VALUES = 15  # of the allowed ones, so that a mistake about one of 200 areas fits into some lines

Path = tuple[str | int, ...]
"""The keys and positions that lead to a value of a plan file, such as `("measures", 3, "kind")`."""

NOUNS = {
    "themes": "theme",
    "nodes": "node",
    "links": "link",
    "measure_links": "measure link",
    "unmodelled_activities": "unmodelled activity",
    "families": "family",
    "areas": "area",
    "dimensions": "dimension",
    "organisations": "organisation",
    "roles": "role",
    "measures": "measure",
    "duties": "duty",
    "series": "series",
    "schemes": "scheme",
    "categories": "category",
    "plan_references": "plan reference",
    "targets": "target",
    "bindings": "binding",
}
"""The noun for an item of each list of a plan."""


class InvalidPlan(Invalid):
    """The plan file is not consistent."""

    example = "A duty names a measure that the plan does not have."
    fix = "Correct each fault in the file and load it again. Nothing was loaded."


class Mistake(Struct, frozen=True, kw_only=True):
    """A mistake of a plan. `value` is the wrong code, and `allowed` lists what may be there, if that is a list."""

    path: Path
    text: str
    value: str | None = None
    allowed: Sequence[str] = ()


def find_unknown_codes(path: Path, noun: str, codes: Iterable[str | None], known: Iterable[str]) -> Iterator[Mistake]:
    allowed = list(dict.fromkeys(code for code in known if code))
    for code in codes:
        if code is not None and code not in allowed:
            yield Mistake(path=path, text=f"{code!r} is not {noun}", value=code, allowed=allowed)


def format_mistake(mistake: Mistake, plan: object) -> str:
    """Return one line: the item and the field in the plan, as built-in objects, and what is wrong with it."""
    parts = [name_item(plan, mistake.path), *[str(part) for part in mistake.path[-1:] if part not in NOUNS]]
    where = ": ".join(part for part in parts if part and not part.isdigit())
    nearest = find_similar(mistake.value, mistake.allowed) if mistake.value is not None else []
    hints = f" Nearest: {nearest[0]}." if nearest else ""
    if mistake.allowed:
        listed = ", ".join(mistake.allowed[:MAX_LISTED_VALUES])
        more = len(mistake.allowed) - MAX_LISTED_VALUES
        hints += f" Allowed: {listed}{f' and {more} more' if more > 0 else ''}."
    return f"{where + ': ' if where else ''}{mistake.text}{'.' if hints else ''}{hints}"


def name_item(plan: object, path: Path) -> str:
    """Return the names of the items on the path, such as `measure learners: series headline`."""
    names: list[str] = []
    value: object = plan
    for section, part in zip(("", *path), path, strict=False):
        value = _get_part(value, part)
        record = cast("Mapping[str, object]", value) if isinstance(value, Mapping) else None
        if isinstance(part, int) and record is not None and section in NOUNS:
            names.append(f"{NOUNS[str(section)]} {_name_record(record, part)}")
        elif isinstance(part, str) and part not in NOUNS and part != path[-1]:
            names.append(part)
    return ": ".join(names)


def _get_part(value: Any, part: str | int) -> object:
    """Return the value of a key or position, or None in a plan that does not have it."""
    if isinstance(value, Mapping):
        return cast("Mapping[object, object]", value).get(part)
    items = cast("list[object]", value) if isinstance(value, list) else []
    return next((item for number, item in enumerate(items) if number == part), None)


def _name_record(record: Mapping[str, object], position: int) -> str:
    for key in ("slug", "code", "organisation", "period"):
        if key in record:
            return str(record[key])
    if "holder" in record:
        return f"of {record['holder']} for {record.get('measure')}"
    if "source" in record:
        return f"{record['source']} → {record.get('target', record.get('measure'))}"
    if isinstance(record.get("dimensions"), list):
        return "by " + " and ".join(str(slug) for slug in cast("list[object]", record["dimensions"]))
    return f"number {position + 1}"
