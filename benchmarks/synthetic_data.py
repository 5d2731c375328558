"""Generate a plan and files of any number of observations: flows, cumulative counts and ratios with correct sums.

There are twenty measures, months, 41 areas and 52 breakdowns; a return has 2,132 cells. Every organisation has a duty for
every measure, so that the same file can be sent many times as a first submission.
"""

import contextlib
import json
import random
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from schema.plan import Plan

SEXES, AGES, ETHNIC_GROUPS = ("female", "male", "unknown"), tuple(f"age-{n}" for n in range(6)), tuple("abcdef")
TOWN = "E06000001"
QUARTER_AREAS = [f"E0500{n:04}" for n in range(1, 41)]
MONTHS = [f"{year}-{month:02}" for year in range(2021, 2025) for month in range(1, 13)]
KINDS = ["flow", "cumulative", "proportion", "stock"] * 5
MEASURES = [f"measure-{n:02}" for n in range(len(KINDS))]
PROGRAMME = "bulk-2021"
COLLEGES = tuple(f"college-{n:02}" for n in range(100))
OWNER = COLLEGES[0]
CONTENT_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson", "json": "application/json"}


def _build_measures() -> list[dict[str, Any]]:
    measure = {
        "label": "M", "title": "M", "theme": "skills", "column": "output", "nodes": [],
        "plan_references": [{"code": "M1.1", "text": "M"}], "direction": {"aim": "increase", "basis": "stated"},
        "disclosure_class": "persons", "cadence": {"period_type": "month", "basis": "stated"}, "area_family": "town",
        "schemes": [
            {"dimensions": dimensions, "exclusive": True, "exhaustive": True, "finest_level": "quarter"}
            for dimensions in (["sex"], ["age"], ["ethnicity"], ["sex", "age"], ["sex", "ethnicity"])
        ],
    }  # fmt: skip
    series = {
        "slug": "headline", "title": "S", "headline": True, "collection": "partners", "definition": "D",
        "numerator": "N", "geography_basis": "residence",
    }  # fmt: skip
    return [
        measure | {
            "slug": slug, "kind": kind, "unit": "percent" if kind == "proportion" else "people",
            "series": [series | ({"denominator": "D"} if kind == "proportion" else {})],
        }
        for slug, kind in zip(MEASURES, KINDS, strict=True)
    ]  # fmt: skip


def build_plan() -> Plan:
    """Return a plan in which every organisation has a duty for every measure."""
    plan = {
        "slug": PROGRAMME, "title": "Bulk", "owner": OWNER, "document": {"title": "Bulk", "publisher": "Bulk"},
        "area": TOWN, "window": {"start": date(2021, 1, 1), "end": date(2024, 12, 31), "basis": "stated"},
        "calendar": {"due_days": 10, "late_after_days": 15, "basis": "stated"},
        "themes": [{"slug": "skills", "title": "Skills"}],
        "nodes": [{"slug": "money", "code": "I1", "column": "input", "title": "Money"}], "links": [],
        "families": [{"slug": "town", "label": "Town", "levels": ["town", "quarter"]}],
        "areas": [
            {"code": TOWN, "name": "Town", "level": "town", "families": ["town"]},
            *({"code": q, "name": q, "level": "quarter", "parent": TOWN, "families": ["town"]} for q in QUARTER_AREAS),
        ],
        "dimensions": [
            {"slug": slug, "label": slug, "categories": [{"code": code, "label": code} for code in codes]}
            for slug, codes in (("sex", SEXES), ("age", AGES), ("ethnicity", ETHNIC_GROUPS))
        ],
        "organisations": [
            {"slug": slug, "name": slug, "kind": "college", "plan_name": None, "basis": "stated"} for slug in COLLEGES
        ],
        "measures": _build_measures(),
        "duties": [
            {"holder": slug, "measure": m, "series": "headline", "area": TOWN, "basis": "stated"}
            for slug in COLLEGES
            for m in MEASURES
        ],
    }  # fmt: skip
    return msgspec.convert(plan, Plan)


BREAKDOWNS: list[dict[str, str]] = [
    {},
    *({"sex": s} for s in SEXES),
    *({"age": a} for a in AGES),
    *({"ethnicity": g} for g in ETHNIC_GROUPS),
    *({"sex": s, "age": a} for s in SEXES for a in AGES),
    *({"sex": s, "ethnicity": g} for s in SEXES for g in ETHNIC_GROUPS),
]
AREAS = [TOWN, *QUARTER_AREAS]
CELLS_PER_RETURN = len(AREAS) * len(BREAKDOWNS)  # cells of a return


def sum_to_cells(people: np.ndarray) -> np.ndarray:
    """Return every cell of a return, by area and breakdown, from people by quarter, sex, age and ethnicity."""
    people = np.concatenate([people.sum(axis=0, keepdims=True), people])
    margins = [people.sum(axis=axes).reshape(len(AREAS), -1) for axes in ((1, 2, 3), (2, 3), (1, 3), (1, 2), 3, 2)]
    return np.concatenate(margins, axis=1)


def generate_returns(observations: int) -> Iterator[tuple[str, str, str, np.ndarray, np.ndarray]]:
    """Yield whole returns (measure, kind, month, numerators, denominators) until they have enough observations."""
    random_source = np.random.default_rng(1)
    shape = (len(QUARTER_AREAS), len(SEXES), len(AGES), len(ETHNIC_GROUPS))
    remaining = -(-observations // CELLS_PER_RETURN)
    months = MONTHS[: -(-remaining // len(MEASURES))]
    for measure, kind in zip(MEASURES, KINDS, strict=True):
        before = np.zeros(shape, dtype=np.int64)
        for month in months:
            if not remaining:
                return
            remaining -= 1
            people = random_source.poisson(12, shape) + (before if kind == "cumulative" else 0)
            before = people
            yield measure, kind, month, sum_to_cells(random_source.binomial(people, 0.4)), sum_to_cells(people)


class SyntheticCell(NamedTuple):
    """A cell of a file. `area` and `breakdown` are positions in AREAS and BREAKDOWNS."""

    area: int
    breakdown: int
    value: int | None
    numerator: int | None
    denominator: int | None
    status: str
    note: str


def generate_cells(observations: int, name: str = "first") -> Iterator[tuple[str, str, list[SyntheticCell]]]:
    """Yield the returns of a file: measure, month and cells."""
    random_source = random.Random(2)  # noqa: S311
    for measure, kind, month, numerators, people in generate_returns(observations):
        cells: list[SyntheticCell] = []
        for area, breakdown in product(range(len(AREAS)), range(len(BREAKDOWNS))):
            draw = random_source.random()
            count = int(people[area, breakdown])
            numbers = (None, int(numerators[area, breakdown]), count) if kind == "proportion" else (count, None, None)
            is_hidden = len(BREAKDOWNS[breakdown]) == 2 and 0.95 < draw < 0.97
            note = "checked by hand" if draw > 0.999 or (name == "again" and draw < 0.1) else ""
            cells.append(
                SyntheticCell(area, breakdown, *((None,) * 3 if is_hidden else numbers), "c" if is_hidden else "", note)
            )
        yield measure, month, cells


def write_files(folder: Path, observations: int, names: Sequence[str] = ("first", "again")) -> int:
    """Write the files of both submissions in every format. Return the number of observations."""
    for name in names:
        with contextlib.ExitStack() as stack:
            csv, lines, whole = (
                stack.enter_context((folder / f"{name}.{form}").open("w")) for form in ("csv", "ndjson", "json")
            )
            heads = [
                {"measure": measure, "period": month} for measure, _, month, _, _ in generate_returns(observations)
            ]
            csv.write("measure,period,area,sex,age,ethnicity,value,numerator,denominator,status,note\n")
            lines.write(json.dumps({"returns": heads}) + "\n")
            whole.write('{"returns":[')
            for number, (measure, month, cells) in enumerate(generate_cells(observations, name)):
                csv.writelines(f"{measure},{month},{_format_csv(cell)}\n" for cell in cells)
                bodies = [_format_json(cell) for cell in cells]
                lines.writelines(f'{{"return":{number},{body}\n' for body in bodies)
                head = json.dumps(heads[number])[:-1]
                joined = ",".join(f"{{{body}" for body in bodies)
                whole.write(f'{"," if number else ""}{head},"observations":[{joined}]}}')
            whole.write("]}")
    return len(heads) * CELLS_PER_RETURN


def _format_csv(cell: SyntheticCell) -> str:
    codes = [BREAKDOWNS[cell.breakdown].get(key, "") for key in ("sex", "age", "ethnicity")]
    numbers = ["" if number is None else str(number) for number in (cell.value, cell.numerator, cell.denominator)]
    return ",".join([AREAS[cell.area], *codes, *numbers, cell.status, cell.note])


def _format_json(cell: SyntheticCell) -> str:
    """Return the members of the object of a cell, with its closing brace."""
    numbers = [("value", cell.value), ("numerator", cell.numerator), ("denominator", cell.denominator)]
    content = [f'"{name}":{number}' for name, number in numbers if number is not None]
    content += [f'"{name}":"{text}"' for name, text in (("status", cell.status), ("note", cell.note)) if text]
    codes = ",".join(f'"{key}":"{code}"' for key, code in BREAKDOWNS[cell.breakdown].items())
    return f'"area":"{AREAS[cell.area]}","breakdown":{{{codes}}},{",".join(content)}}}'
