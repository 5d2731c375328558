"""List what a new plan version adds, changes and drops, and summarise it on a screen."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal

import msgspec
from msgspec import Struct

from schema.plan import Plan

MAX_NAMES = 4  # of a line of the summary
PLURALS = {"family": "families", "duty": "duties", "unmodelled activity": "unmodelled activities"}
PROGRAMME_FIELDS = ("title", "owner", "area", "window", "calendar", "document", "self_review")


class Change(Struct, frozen=True, kw_only=True):
    """An item that a plan version adds, changes or drops. `fields` lists the fields that change."""

    verb: Literal["added", "changed", "dropped"]
    noun: str
    name: str = ""
    fields: list[str] = []

    @property
    def label(self) -> str:
        return f"{self.verb} {self.noun} {self.name}".strip()


def list_changes(old: Plan | None, new: Plan) -> list[Change]:
    """Return each item that the new version adds, changes or drops, in this order."""
    old_items = _list_plan_items(old) if old is not None else {}
    new_items = _list_plan_items(new)
    fields = {
        key: [field for field in item if item[field] != old_items[key][field]]
        for key, item in new_items.items()
        if key in old_items
    }
    return [
        *(Change(verb="added", noun=noun, name=name) for noun, name in new_items if (noun, name) not in old_items),
        *(
            Change(verb="changed", noun=key[0], name=key[1], fields=changed)
            for key, changed in fields.items()
            if changed
        ),
        *(Change(verb="dropped", noun=noun, name=name) for noun, name in old_items if (noun, name) not in new_items),
    ]


def summarise_changes(changes: Iterable[Change]) -> list[str]:
    """Return a line for the additions, changes and removals of each kind of item, with counts and some names."""
    lines: list[str] = []
    for (verb, noun), group in groupby(changes, key=lambda change: (change.verb, change.noun)):
        items = list(group)
        names = [_format_change(change) for change in items[:MAX_NAMES]]
        more = f" and {len(items) - MAX_NAMES} more" if len(items) > MAX_NAMES else ""
        count = f"{len(items)} {PLURALS.get(noun, noun + 's')}" if len(items) > 1 else noun
        lines.append(f"{verb} {count}: {', '.join(names)}{more}" if any(names) else f"{verb} {count}")
    return lines


def list_every_change(changes: Sequence[Change]) -> list[str]:
    """Return a line for each change, with the fields that change."""
    return [change.label + (f": {', '.join(change.fields)}" if change.fields else "") for change in changes]


def _format_change(change: Change) -> str:
    fields = ", ".join(change.fields)
    return f"{change.name} ({fields})" if fields and change.name else change.name or fields


def _list_plan_items(plan: Plan) -> dict[tuple[str, str], dict[str, object]]:
    """Return the fields of each item by its noun and name."""
    items: list[tuple[str, str, Struct]] = [
        ("disclosure", "", plan.disclosure),
        *(("theme", t.slug, t) for t in plan.themes),
        *(("node", n.slug, n) for n in plan.nodes),
        *(("link", f"{link.source} → {link.target}", link) for link in plan.links),
        *(("measure link", f"{link.source} → {link.measure}", link) for link in plan.measure_links),
        *(("unmodelled activity", a.slug, a) for a in plan.unmodelled_activities),
        *(("family", f.slug, f) for f in plan.families),
        *(("area", a.code, a) for a in plan.areas),
        *(("dimension", d.slug, d) for d in plan.dimensions),
        *(("organisation", o.slug, o) for o in plan.organisations),
        *(("role", r.slug, r) for r in plan.roles),
        *(("measure", m.slug, m) for m in plan.measures),
        *(("duty", f"{d.holder} {d.measure} {d.series} {d.service} {d.valid_from}", d) for d in plan.duties),
    ]
    programme: dict[str, object] = {name: getattr(plan, name) for name in PROGRAMME_FIELDS}
    return {("programme", ""): programme} | {(noun, name): msgspec.structs.asdict(item) for noun, name, item in items}
