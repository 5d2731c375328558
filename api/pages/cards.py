"""Put the progress of a measure into words, a table and a chart, from published figures alone."""

from collections.abc import Sequence

from msgspec import Struct

from api.pages.charts import ChartPoint, TrendLines
from api.pages.progress_summary import describe_later_periods
from api.pages.return_words import name_holder
from api.pages.wording import (
    abbreviate_period,
    describe_comparator,
    describe_coverage,
    describe_exactness,
    describe_missing_part,
    describe_movement,
    describe_trend,
    describe_value,
    explain_marks,
    name_marks,
)
from api.plan.catalogue import Catalogue
from api.spelling.due_days import find_last_day, format_day
from api.spelling.figure_words import format_value, name_unit, shorten_period
from schema.measures import UNCOUNTED_KINDS, MeasureKind
from schema.outcomes import Coverage
from schema.progress import MeasureFields, NoFigureReason, NoNextReturnReason
from schema.released_figures import PublishedFigure
from schema.released_views import ReleasedMeasure

SMALL, LARGE = (340, 130), (700, 280)
_NO_FIGURE_WORDS = {
    NoFigureReason.NO_PUBLICATION: "No publication of this statistic has been loaded and approved.",
    NoFigureReason.NO_PERIOD: "No period of this measure is over yet.",
    NoFigureReason.NOT_IN_RELEASE: "This release leaves the measure out.",
}
_UNCOUNTED_WORDS = {
    MeasureKind.MILESTONE: "A milestone: it has items with stages instead of a number.",
    MeasureKind.EVIDENCE: "Evidence: it has entries in words instead of a number.",
}
_NO_RETURN_WORDS = {
    NoNextReturnReason.PUBLISHER_SETS_DATES: "The publisher decides when the next figure appears.",
    NoNextReturnReason.NOBODY_OWES: "The plan asks for no further return at a set date.",
    NoNextReturnReason.PROGRAMME_OVER: "Every return of the programme was due before.",
}


class FigureWords(Struct, frozen=True, kw_only=True):
    """The latest figure in words: `value` is a number with its sign, bounds, or why there is none."""

    value: str
    unit: str
    period: str
    is_number: bool
    lines: list[str]
    partial: str = ""


class CoverageWords(Struct, frozen=True, kw_only=True):
    """How many of the expected returns a figure counts."""

    expected: int
    approved: int
    words: str


class Table(Struct, frozen=True, kw_only=True):
    """A table: each row has a heading and its cells."""

    title: str
    columns: list[str]
    rows: list[tuple[str, list[str]]]
    legend: str = ""


class Chart(Struct, frozen=True, kw_only=True):
    """A picture with the words that describe it, and its data."""

    address: str
    narrow_address: str  # the same picture for a narrow screen, where a wide one would have tiny letters
    alternative: str
    caption: str
    width: int
    height: int
    table: Table


class Card(Struct, frozen=True, kw_only=True):
    """The progress of one measure."""

    slug: str
    label: str
    title: str
    address: str
    figure: FigureWords
    coverage: CoverageWords | None
    notes: list[str]
    chart: Chart | None


def build_card(
    progress: ReleasedMeasure, history: Sequence[PublishedFigure], catalogue: Catalogue, *, is_large: bool = False
) -> Card:
    """Return the card of a measure. `history` has its figures in time order, up to the latest."""
    address = f"/programmes/{catalogue.slug}/measures/{progress.measure}"
    chart = None
    if sum(figure.value is not None for figure in history) > 1:
        chart = _build_chart(progress, history, f"{address}/chart.svg", is_large=is_large)
    return Card(
        slug=progress.measure,
        label=progress.label,
        title=progress.title,
        address=address,
        figure=_describe_latest(progress, history),
        coverage=_build_coverage(progress.latest.coverage if progress.latest else None),
        notes=_list_notes(progress, catalogue),
        chart=chart,
    )


def _describe_latest(progress: ReleasedMeasure, history: Sequence[PublishedFigure]) -> FigureWords:
    latest = progress.latest
    if progress.kind in UNCOUNTED_KINDS:
        return FigureWords(value=_UNCOUNTED_WORDS[progress.kind], unit="", period="", is_number=False, lines=[])
    if latest is None:
        reason = _NO_FIGURE_WORDS[progress.reason or NoFigureReason.NOT_IN_RELEASE]
        return FigureWords(value=reason, unit="", period="", is_number=False, lines=[])
    has_number = latest.value is not None or latest.status is None
    lines = [
        _describe_newest_complete(latest, history),
        describe_exactness(latest),
        describe_movement(latest.movement, latest.unit),
        "; ".join(describe_comparator(one, latest.unit) for one in latest.comparators if one.value is not None),
        describe_trend(latest.trend),
        name_marks(latest),
    ]
    return FigureWords(
        value=describe_value(latest),
        unit=name_unit(latest.unit) if has_number else "",
        period=shorten_period(latest.period.label),
        is_number=has_number,
        partial=describe_missing_part(latest),
        lines=[line[0].upper() + line[1:] for line in lines if line],
    )


def _describe_newest_complete(latest: PublishedFigure, history: Sequence[PublishedFigure]) -> str:
    """Return the newest figure without a missing return, if the latest lacks one."""
    if not describe_missing_part(latest):
        return ""
    whole = next((one for one in reversed(history) if one.value is not None and not describe_missing_part(one)), None)
    if whole is None:
        return ""
    unit = name_unit(whole.unit)
    return (
        f"newest complete figure: {describe_value(whole)}{unit and f' {unit}'} in {shorten_period(whole.period.label)}"
    )


def _build_coverage(coverage: Coverage | None) -> CoverageWords | None:
    if coverage is None or coverage.expected == 0:
        return None
    return CoverageWords(expected=coverage.expected, approved=coverage.approved, words=describe_coverage(coverage))


def _list_notes(progress: ReleasedMeasure, catalogue: Catalogue) -> list[str]:
    notes = [f"No organisation has this part yet: {name_holder(slug, catalogue)}." for slug in progress.unassigned]
    newest = progress.newest_period
    if newest is not None and progress.latest is not None and newest.period.code != progress.latest.period.code:
        period, words = shorten_period(newest.period.label), describe_coverage(newest.coverage)
        later = describe_later_periods(progress.latest.period, newest.period)
        notes.append(f"The newest period that is over is {period}: {words}.{later and f' {later}'}")
    notes += filter(None, [describe_next_return(progress)])
    return notes


def describe_next_return(measure: MeasureFields) -> str:
    """Return when the next returns are due, or why there is no such day."""
    if measure.next_return is not None:
        due = format_day(find_last_day(measure.next_return.due_at))
        return f"The returns of {shorten_period(measure.next_return.period.label)} are due by {due}."
    return _NO_RETURN_WORDS[measure.no_next_return_reason] if measure.no_next_return_reason else ""


def list_points(history: Sequence[PublishedFigure]) -> list[ChartPoint]:
    """Return the points of a chart over time, with the first comparator of each figure."""
    return [
        make_point(
            abbreviate_period(figure.period.label), figure, next((one.value for one in figure.comparators), None)
        )
        for figure in history
    ]


def make_point(label: str, figure: PublishedFigure, comparator: float | None = None) -> ChartPoint:
    """Return a figure as a point or a bar of a chart, with its interval or error, or with the mark of its status."""
    lower, upper = _find_limits(figure)
    mark = "" if figure.value is not None or figure.status is None else figure.status.value
    return ChartPoint(
        label=label,
        value=figure.value,
        lower=lower,
        upper=upper,
        comparator=comparator,
        mark=mark,
        is_partial=bool(describe_missing_part(figure)),
    )


def _find_limits(figure: PublishedFigure) -> tuple[float | None, float | None]:
    """Return the interval of a figure, otherwise how far the true number can be, otherwise nothing."""
    if figure.lower is not None and figure.upper is not None:
        return figure.lower, figure.upper
    if figure.value is not None and figure.error_95:
        return max(0.0, figure.value - figure.error_95), figure.value + figure.error_95
    return (None, None) if figure.status is not None else (figure.lower_bound, figure.upper_bound)


def find_lines(progress: ReleasedMeasure, history: Sequence[PublishedFigure]) -> TrendLines:
    """Return the lines that a chart shows with the figures."""
    comparator = next((one.name for figure in reversed(history) for one in figure.comparators), None)
    baseline = progress.baseline.value if progress.baseline else None
    target = progress.latest.target.value if progress.latest and progress.latest.target else None
    return TrendLines(comparator=comparator, baseline=baseline, target=target)


def _build_chart(
    progress: ReleasedMeasure, history: Sequence[PublishedFigure], address: str, *, is_large: bool
) -> Chart:
    shown = [figure for figure in history if figure.value is not None]
    first, last = shown[0], shown[-1]
    ends = [f"{format_value(one.value or 0, one.unit)} in {shorten_period(one.period.label)}" for one in (first, last)]
    width, height = LARGE if is_large else SMALL
    return Chart(
        address=f"{address}?size=large" if is_large else address,
        narrow_address=address,
        alternative=f"Line chart of {progress.label}: from {ends[0]} to {ends[1]}, {len(shown)} figures.",
        caption=" ".join(_list_captions(history)),
        width=width,
        height=height,
        table=build_table(progress.label, "Period", [(shorten_period(one.period.label), one) for one in history]),
    )


def _list_captions(history: Sequence[PublishedFigure]) -> list[str]:
    captions = ["Bars show the 95 % interval, or how far the true number can be from a rounded one."]
    if any(map(describe_missing_part, history)):
        captions.append("A hollow point lacks returns, so that it is lower than the complete figure.")
    if len({one.error_95 for one in history if one.error_95}) > 1:
        captions.append(
            "Errors are wider for counts that an earlier release had too: a small change since then is held back, so "
            "that nobody can be identified by it."
        )
    if marks := explain_marks(history):
        captions.append(f"{marks}.")
    return captions


def build_table(title: str, heading: str, rows: Sequence[tuple[str, PublishedFigure]]) -> Table:
    """Return figures as a table, a row for each, without columns that are empty."""
    cells = [(name, _list_cells(figure)) for name, figure in rows]
    titles = ("Figure", "Interval or error", "Compared with", "Marks")
    used = [place for place, _ in enumerate(titles) if place == 0 or any(of_row[place] for _, of_row in cells)]
    return Table(
        title=title,
        columns=[heading, *(titles[place] for place in used)],
        rows=[(name, [of_row[place] for place in used]) for name, of_row in cells],
        legend=explain_marks(figure for _, figure in rows),
    )


def _list_cells(figure: PublishedFigure) -> list[str]:
    limits = [format_value(limit, figure.unit) for limit in _find_limits(figure) if limit is not None]
    compared = [describe_comparator(one, figure.unit) for one in figure.comparators if one.value is not None]
    partial = describe_missing_part(figure)
    return [
        f"{describe_value(figure)} ({partial})" if partial else describe_value(figure),
        " to ".join(dict.fromkeys(limits)),
        "; ".join(compared),
        " ".join(figure.markers),
    ]
