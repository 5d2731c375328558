"""The checks of both peers of a return against the returns that are stored, in plain Python.

These are the checks of the server that they are measured against: what changed, what would be withdrawn, outliers,
cumulative counts that fell, and the totals that a submission changes.
"""

from statistics import median

MIN_EARLIER_PERIODS, MAX_MODIFIED_Z_SCORE, MAX_WITHDRAWN_SHARE = 6, 3.5, 0.1
NUMBER_FIELDS = ("value", "numerator", "denominator", "lower", "upper")
CELL_FIELDS = (*NUMBER_FIELDS, "status", "note")


def format_breakdown(breakdown: dict[str, str]) -> str:
    return ",".join(f"{name}={code}" for name, code in sorted(breakdown.items()))


def count_changes(new: dict, old: dict) -> dict[str, int]:
    """Count the cells of a return that differ from its current revision, by area and breakdown."""
    changed = sum(place in old and old[place] != cell for place, cell in new.items())
    added, withdrawn = len(new.keys() - old.keys()), len(old.keys() - new.keys())
    unchanged = len(new) - added - changed
    return {"received": len(new), "added": added, "changed": changed, "unchanged": unchanged, "withdrawn": withdrawn}


def check_withdrawals(counts: dict[str, int], old: dict) -> None:
    if counts["withdrawn"] > MAX_WITHDRAWN_SHARE * len(old):
        raise ValueError(f"The return would lose {counts['withdrawn']} of its {len(old)} cells.")


def read_figure(cell: dict | None) -> tuple[int, int] | None:
    """Return the number of a cell and its denominator, which is 1 for a count; None if it has no number."""
    if cell is None or (cell["value"] is None and not cell["denominator"]):
        return None
    return (cell["value"], 1) if cell["value"] is not None else (cell["numerator"], cell["denominator"])


def find_outlier(figure: tuple[int, int] | None, period: str, stored: dict[str, tuple[int, int] | None]) -> list[str]:
    """Compare a figure with those of earlier periods, if there are at least six."""
    earlier = [one[0] / one[1] for other, one in stored.items() if one is not None and other < period]
    if figure is None or len(earlier) < MIN_EARLIER_PERIODS:
        return []
    middle = median(earlier)
    spread = median(abs(number - middle) for number in earlier) / 0.6745
    noise = max(middle**0.5, 1.0) if figure[1] == 1 else max((middle * (1 - middle) / figure[1]) ** 0.5, 1 / figure[1])
    if abs(figure[0] / figure[1] - middle) <= MAX_MODIFIED_Z_SCORE * max(spread, noise):
        return []
    return [f"{figure[0] / figure[1]:g} is far from the {len(earlier)} earlier figures; their median is {middle:g}."]


def find_falls(earlier: dict, later: dict) -> list[str]:
    """Return the cells of a cumulative count that are lower in the later period."""
    pairs = ((place, earlier[place]["value"], cell["value"]) for place, cell in later.items() if place in earlier)
    return [
        f"{place} was {before}, but is {after}."
        for place, before, after in pairs
        if before is not None and after is not None and after < before
    ]


def find_neighbours(period: str, stored: dict) -> tuple[str | None, str | None]:
    """Return the stored periods before and after this one, in the same calendar year."""
    same = sorted(other for other in stored if other[:4] == period[:4] and other != period)
    return max((p for p in same if p < period), default=None), min((p for p in same if p > period), default=None)


def financial_year(period: str) -> str:
    year, month = int(period[:4]), int(period[5:])
    return f"FY{year if month > 3 else year - 1}"


def roll_up(kind: str, figures: dict[str, tuple[int, int] | None]) -> float | None:
    """Return the total of several periods: a sum, a ratio of sums, or the last number of a stock."""
    known = [figures[period] for period in sorted(figures) if figures[period] is not None]
    if not known:
        return None
    if kind in {"stock", "cumulative"}:
        return known[-1][0]
    number = sum(one[0] for one in known)
    return number / sum(one[1] for one in known) if kind == "proportion" else number


def calculate_effects(kind: str, period: str, figure: tuple[int, int] | None, stored: dict) -> list[dict]:
    """Return the totals of the period and of its financial year, before and after, if they differ."""
    after = stored | {period: figure}
    effects = []
    for span in (period, financial_year(period)):
        old, new = (
            roll_up(
                kind, {other: number for other, number in numbers.items() if span in (other, financial_year(other))}
            )
            for numbers in (stored, after)
        )
        if old != new:
            effects.append({"period": span, "before": old, "after": new})
    return effects
