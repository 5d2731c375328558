"""Invent the returns of a sandbox: people and employers that do not exist, counted as partners would count them.

The same plan and day give the same returns, so that two sandboxes of one day can be compared.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from msgspec import Struct

from api.plan.breakdowns import parse_breakdown_key
from api.plan.catalogue import Catalogue
from api.plan.obligations import ExpectedReturn, list_expected_returns
from api.submissions.required_cells import required_cells
from schema.measures import RATIO_KINDS, Measure, MeasureKind

Json = dict[str, Any]
Codes = np.ndarray[Any, np.dtype[np.int64]]
_UNKNOWN = "unknown"
_USUAL_COUNT = 140
_COUNTS = {MeasureKind.STOCK: 45, MeasureKind.DISTINCT: 90}
_GROWTH = 0.07  # from one period to the next
_INVOLVEMENTS = {
    "strategic-decision-making": ("Residents joined a meeting of the partnership", "Residents advised on funding"),
    "service-design-and-delivery": ("Workshop on letters to people off work", "Residents interviewed new advisers"),
    "evaluation": ("Interviews with people who found work", "Survey of people who left a service"),
}
_EVENT_TITLES = ("First results", "Interim report", "Final report")


def _build_referrals_return(period: str, female: int, male: int, unknown: int) -> Json:
    area = "E06000018"
    by_sex = {"female": female, "male": male, "unknown": unknown}
    return {
        "measure": "ips-primary-care-referrals",
        "period": period,
        "observations": [
            {"area": area, "value": female + male + unknown},
            *({"area": area, "breakdown": {"sex": sex}, "value": value} for sex, value in by_sex.items()),
        ],
    }


EXAMPLE_SUBMISSION: Json = {
    "note": "Invented figures for trying things out.",
    "returns": [
        _build_referrals_return("FY2025-26-Q1", 61, 48, 3),
        _build_referrals_return("FY2025-26-Q2", 70, 55, 0),
        {
            "measure": "neet-16-17",
            "series": "ccis-provisional",
            "period": "R3-2026-02",
            "observations": [{"area": "E06000018", "numerator": 371, "denominator": 7450}],
        },
    ],
}
"""Three small returns of Nottingham City Council, with which the guides begin. The reference corrects the second."""
EXAMPLE_MEASURES = {content["measure"] for content in EXAMPLE_SUBMISSION["returns"]}


class InventedReturn(Struct, frozen=True, kw_only=True):
    """A return with the organisation that sends it."""

    organisation: str
    period_end: date
    content: Json


def invent_returns(catalogue: Catalogue, today: date) -> list[InventedReturn]:
    """Return what partners owe for the periods that are over, in the order in which the periods end."""
    expected = [one for one in list_expected_returns(catalogue.plan) if one.period.end < today and one.organisation]
    numbers: dict[tuple[str, ...], int] = {}
    invented: list[InventedReturn] = []
    for one in sorted(expected, key=lambda owed: owed.period.end):
        duty = (one.holder, one.measure, one.series, one.service)
        number = numbers[duty] = numbers.get(duty, -1) + 1
        content = _invent_content(catalogue, one, number)
        if content is not None:
            content |= {"measure": one.measure, "series": one.series, "service": one.service, "period": one.period.code}
            invented.append(
                InventedReturn(organisation=one.organisation or "", period_end=one.period.end, content=content)
            )
    return invented


def _invent_content(catalogue: Catalogue, owed: ExpectedReturn, number: int) -> Json | None:
    measure = catalogue.measures[owed.measure]
    numbers = np.random.default_rng(zlib.crc32(f"{owed.holder} {owed.measure} {owed.period.code}".encode()))
    if measure.kind is MeasureKind.MILESTONE:
        return {"items": [_invent_item(measure, owed, number)]}
    if measure.kind is MeasureKind.EVIDENCE:
        return {"entries": list(_invent_entries(measure, owed, numbers))}
    if measure.kind is MeasureKind.DERIVED:
        return None
    usual = _COUNTS.get(measure.kind, _USUAL_COUNT) * (0.5 + zlib.crc32(owed.holder.encode()) % 100 / 100)
    total = int(numbers.poisson(usual * (1 + _GROWTH) ** number))
    return {"observations": _count_cells(catalogue, measure, total, numbers)}


def _invent_item(measure: Measure, owed: ExpectedReturn, number: int) -> Json:
    stage = measure.stages[min(number + 1, len(measure.stages) - 2)]  # the last one is the end without success
    return {
        "item": f"{owed.organisation}-1"[:60],
        "title": f"{measure.label}: {_EVENT_TITLES[min(number, 2)].lower()}",
        "stage": stage,
        "date": str(owed.period.end - timedelta(days=20)),
    }


def _invent_entries(measure: Measure, owed: ExpectedReturn, numbers: np.random.Generator) -> Iterator[Json]:
    for domain in measure.domains[: int(numbers.integers(1, 4))]:
        titles = _INVOLVEMENTS.get(domain, ("Workshop with people who use services",))
        yield {
            "domain": domain,
            "title": titles[int(numbers.integers(len(titles)))],
            "date": str(owed.period.end - timedelta(days=int(numbers.integers(5, 80)))),
            "people": int(numbers.integers(8, 40)),
        }


def _count_cells(catalogue: Catalogue, measure: Measure, total: int, numbers: np.random.Generator) -> list[Json]:
    """Count invented people in every cell that the duty requires, so that all sums agree."""
    cells = required_cells(catalogue, measure.slug, catalogue.plan.area)
    dimensions = sorted({name for _, key in cells for name in parse_breakdown_key(key)})
    levels = {code: catalogue.areas[code].level for code, _ in cells}
    places = [code for code, level in levels.items() if level == "ward"] or [catalogue.plan.area]
    people = {name: _draw(list(_list_codes(catalogue, name)), total, numbers) for name in dimensions}
    homes = _draw(places, total, numbers)
    is_ratio = measure.kind in RATIO_KINDS
    counted: list[Json] = []
    for area, key in cells:
        breakdown = parse_breakdown_key(key)
        selected = np.ones(total, dtype=bool) if area not in places else homes == places.index(area)
        for name, code in breakdown.items():
            selected = selected & (people[name] == list(_list_codes(catalogue, name)).index(code))
        count = int(selected.sum())
        numbers_of_cell = {"numerator": count, "denominator": count * 20} if is_ratio else {"value": count}
        counted.append({"area": area, "breakdown": breakdown, **numbers_of_cell})
    return counted


def _list_codes(catalogue: Catalogue, dimension: str) -> Iterator[str]:
    return (category.code for category in catalogue.dimensions[dimension].categories)


def _draw(codes: Sequence[str], total: int, numbers: np.random.Generator) -> Codes:
    """Draw one of the codes for each person: the earlier ones more often, and `unknown` seldom."""
    weights = np.array([0.25 if _UNKNOWN in code else 1 + 2 / (place + 1) for place, code in enumerate(codes)])
    return numbers.choice(len(codes), size=total, p=weights / weights.sum())


class PublishedLevel(Struct, frozen=True, kw_only=True):
    """The invention of a published series: its value in the first period, and its change from one to the next."""

    periods: Sequence[str]
    start: float
    change: float
    half_width: float
    denominator: int | None = None


def list_rolling_periods(today: date, *, months: int, every: int, count: int, lag: int) -> list[str]:
    """Return the newest `count` periods of `months`, `every` so many months, each published `lag` months late."""
    newest = today.year * 12 + today.month - 1 - lag
    newest -= newest % every + 1
    ends = [newest - every * steps for steps in range(count)]
    return [f"R{months}-{end // 12}-{end % 12 + 1:02}" for end in reversed(ends)]


def list_financial_years(today: date, *, count: int, lag: int) -> list[str]:
    """Return the codes of the newest `count` financial years, published `lag` years late."""
    first = today.year - lag - (today.month < 4)
    return [f"FY{year}-{(year + 1) % 100:02}" for year in range(first - count + 1, first + 1)]


def invent_statistics(
    catalogue: Catalogue, levels: Mapping[tuple[str, str], PublishedLevel]
) -> Iterator[tuple[str, Json]]:
    """Return a publisher and a return for each period of each published series in `levels`."""
    holders = {(duty.measure, duty.series): duty.holder for duty in catalogue.plan.duties}
    compared = [area.code for area in catalogue.plan.areas if area.level in ("country", "region", "core-city")]
    for (measure, series), level in levels.items():
        if (measure, series) not in holders:
            continue
        for number, period in enumerate(level.periods):
            numbers = np.random.default_rng(zlib.crc32(f"{measure} {series} {period}".encode()))
            figures = [_invent_figure(area, level, number, numbers) for area in (catalogue.plan.area, *compared[:6])]
            content = {"measure": measure, "series": series, "period": period, "figures": figures}
            yield holders[measure, series], content


def _invent_figure(area: str, level: PublishedLevel, number: int, numbers: np.random.Generator) -> Json:
    """A wider area has a narrower interval, because its survey is larger."""
    is_wide = area.startswith(("E9", "E12"))
    value = max(0.1, level.start + level.change * number + float(numbers.normal(0, level.half_width / 6)))
    value = round(value * (0.9 if is_wide else 1), 1)
    width = round(level.half_width * (0.1 if is_wide else 1), 1)
    figure: Json = {"area": area, "value": f"{value:.1f}"}
    if width:
        figure["limits"] = [{"lower": f"{max(0, value - width):.1f}", "upper": f"{value + width:.1f}"}]
    if level.denominator is not None:
        denominator = level.denominator * (100 if is_wide else 1)
        figure |= {"numerator": str(round(denominator * value / 100)), "denominator": str(denominator)}
    return figure
