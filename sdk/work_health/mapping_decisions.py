"""Decisions that a mapping file leaves open: values with a question mark, and lines with TO DECIDE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from .errors import CheckFailed
from .tables import build_finding

if TYPE_CHECKING:
    from ._generated.models import Finding

OPEN_MARK = "?"
OPEN_WORDS = "TO DECIDE"
DECIDED_SECTIONS = ("constants", "columns", "codes", "unpivot", "marks", "sheets")


def list_open_decisions(document: Mapping[str, object], text: str = "") -> tuple[str, ...]:
    """Return each open line of the text of a file, with its number, and each open value that no such line has."""
    lines = [f"{number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if OPEN_WORDS in line]
    values = [
        (key, value)
        for section in DECIDED_SECTIONS
        for key, value in _iter_texts(section, document.get(section))
        if value.startswith(OPEN_MARK)
    ]
    unlisted = [f"{key} = {value}" for key, value in values if not any(key in line for line in lines)]
    return (*lines, *unlisted)


def _iter_texts(key: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield every text in a section, with its key. Skipped texts need no decision."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for inner, entry in cast(Mapping[object, object], value).items():
            if inner != "skip":
                yield from _iter_texts(str(inner), entry)


def refuse_open_decisions(undecided: Iterable[str]) -> None:
    """Raise `CheckFailed` with a finding for each open decision, if there is one."""
    findings = [_build_open_finding(line) for line in undecided]
    if findings:
        raise CheckFailed("The mapping file has decisions that are open.", findings)


def _build_open_finding(line: str) -> Finding:
    number, _, text = line.partition(": ")
    place = f"line {number} of the mapping file" if number.isdecimal() else "the mapping"
    return build_finding(
        "undecided",
        f"A decision is open in {place}: {text if number.isdecimal() else line}",
        fix="Correct the value, then delete its ? and the comment.",
    )
