"""Generate a plan and files of any number of observations: flows, cumulative counts and ratios with correct sums.

There are twenty measures, months, 41 areas and 52 breakdowns; a return has 2,132 cells. Every organisation has a duty for
every measure, so that the same file can be sent many times as a first submission.
"""

import contextlib
import json
import random
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

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


def write_files(folder: Path, observations: int, names: Sequence[str] = ("first", "again")) -> int:
    """Write the files of both submissions in every format. Return the number of observations."""
    size = 0
    for name in names:
        random_source = random.Random(2)  # noqa: S311
        with contextlib.ExitStack() as stack:
            csv, lines, whole = (
                stack.enter_context((folder / f"{name}.{form}").open("w")) for form in ("csv", "ndjson", "json")
            )
            returns = list(generate_returns(observations))
            heads = [{"measure": measure, "period": month} for measure, _, month, _, _ in returns]
            csv.write("measure,period,area,sex,age,ethnicity,value,numerator,denominator,status,note\n")
            lines.write(json.dumps({"returns": heads}) + "\n")
            whole.write('{"returns":[')
            for number, (measure, kind, month, numerators, people) in enumerate(returns):
                head = json.dumps(heads[number])
                whole.write(f'{"," if number else ""}{head[:-1]},"observations":[')
                size += write_cells(
                    csv, lines, whole, number, measure, kind, month, numerators, people, random_source, name
                )
                whole.write("]}")
            whole.write("]}")
    return size // len(names)


def write_cells(
    csv: Any, lines: Any, whole: Any, number: int, measure: str, kind: str, month: str, numerators: np.ndarray,
    people: np.ndarray, random_source: random.Random, name: str,
) -> int:  # fmt: skip
    comma = ""
    for area, above, below in zip(AREAS, numerators.tolist(), people.tolist(), strict=True):
        for breakdown, numerator, count in zip(BREAKDOWNS, above, below, strict=True):
            draw = random_source.random()
            note = "checked by hand" if draw > 0.999 or (name == "again" and draw < 0.1) else ""
            columns = ("", numerator, count) if kind == "proportion" else (count, "", "")
            status = ""
            if len(breakdown) == 2 and draw > 0.95 and draw < 0.97:
                columns, status = ("", "", ""), "c"
            value, top, bottom = columns
            content = f'"status":"{status}"' if status else f'"value":{value}' if top == "" else ""
            content = content or f'"numerator":{top},"denominator":{bottom}'
            content += f',"note":"{note}"' if note else ""
            by = ",".join(f'"{key}":"{code}"' for key, code in breakdown.items())
            cell = f'"area":"{area}","breakdown":{{{by}}},{content}}}'
            codes = ",".join(breakdown.get(key, "") for key in ("sex", "age", "ethnicity"))
            csv.write(f"{measure},{month},{area},{codes},{value},{top},{bottom},{status},{note}\n")
            lines.write(f'{{"return":{number},{cell}\n')
            whole.write(f"{comma}{{{cell}")
            comma = ","
    return CELLS_PER_RETURN
