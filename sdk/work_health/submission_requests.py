"""Bodies of submissions."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from ._generated.models import (
    Confidence,
    EvidenceEntry,
    FigureLimits,
    IntervalMethod,
    Justification,
    Marker,
    MilestoneItem,
    NewReturn,
    NewSubmission,
    Observation,
    ObservationBreakdown,
    PublisherFigure,
    PublisherFigureBreakdown,
    PublisherTrend,
    ReturnKind,
    Status,
)


def observation(
    area: str,
    value: int | None = None,
    *,
    breakdown: Mapping[str, str] | None = None,
    numerator: int | None = None,
    denominator: int | None = None,
    lower: int | None = None,
    upper: int | None = None,
    status: Status | str | None = None,
    note: str | None = None,
) -> Observation:
    """Return one cell: `observation("E06000018", 140, breakdown={"sex": "female"})`.

    Args:
        area: A GSS code.
        value: A count. A proportion has a numerator and a denominator instead.
        breakdown: Categories by dimension; empty for the total.
        numerator: The numerator of a proportion.
        denominator: The denominator of a proportion.
        lower: The lower bound of a count with status `c`.
        upper: The upper bound of a count with status `c`.
        status: The reason why there is no number.
        note: A note for readers.
    """
    return Observation(
        area=area,
        breakdown=ObservationBreakdown.from_dict(breakdown or {}),
        value=value,
        numerator=numerator,
        denominator=denominator,
        lower=lower,
        upper=upper,
        status=None if status is None else Status(status),
        note=note,
    )


def figure(
    area: str,
    value: str | Decimal | None = None,
    *,
    breakdown: Mapping[str, str] | None = None,
    limits: Mapping[str, tuple[str | Decimal, str | Decimal]] | None = None,
    method: IntervalMethod | str = IntervalMethod.PUBLISHED,
    numerator: str | int | Decimal | None = None,
    denominator: str | int | Decimal | None = None,
    status: Status | str | None = None,
    markers: Iterable[Marker | str] = (),
    note: str | None = None,
    trend: PublisherTrend | None = None,
) -> PublisherFigure:
    """Return one figure of a published series: `figure("E06000018", "30.1", limits={"95": ("25.0", "35.2")})`.

    Numbers are texts or decimals, so that the digits stay as published.

    Args:
        area: A GSS code.
        value: The value in the measure's unit.
        breakdown: Categories by dimension; empty for the total.
        limits: The lower and upper limit by confidence, `95` or `99.8`.
        method: The method of the limits, if they are not the publisher's own.
        numerator: The numerator, if it is published.
        denominator: The denominator, if it is published.
        status: The reason why there is no value.
        markers: Markers of the value: `p` provisional, `r` revised, `u` low reliability.
        note: A note for readers.
        trend: The trend as the publisher states it.
    """
    return PublisherFigure(
        area=area,
        breakdown=PublisherFigureBreakdown.from_dict(breakdown or {}),
        value=None if value is None else str(value),
        limits=[
            FigureLimits(lower=str(low), upper=str(high), confidence=Confidence(level), method=IntervalMethod(method))
            for level, (low, high) in (limits or {}).items()
        ],
        numerator=None if numerator is None else str(numerator),
        denominator=None if denominator is None else str(denominator),
        status=None if status is None else Status(status),
        markers=[Marker(marker) for marker in markers],
        note=note,
        trend=trend,
    )


def new_return(
    measure: str,
    period: str,
    observations: Iterable[Observation] = (),
    *,
    series: str | None = None,
    service: str = "main",
    kind: ReturnKind | str = ReturnKind.DATA,
    items: Iterable[MilestoneItem] = (),
    entries: Iterable[EvidenceEntry] = (),
    figures: Iterable[PublisherFigure] = (),
    base_revision: int | None = None,
    note: str | None = None,
    rounded_to: int | None = None,
) -> NewReturn:
    """Return the content of one measure in one period. It replaces the current revision as a whole.

    A milestone measure has `items`, an evidence measure `entries`, a published series `figures`, and any other measure
    `observations`. `base_revision` is the revision that this content was made from, 0 if there was none. If another
    revision is current by then, the client raises `Conflict` with the differences. `rounded_to` is the base to which
    all counts are rounded, such as 5.
    """
    return NewReturn(
        measure=measure,
        period=period,
        series=series,
        service=service,
        kind=ReturnKind(kind),
        observations=list(observations),
        items=list(items),
        entries=list(entries),
        figures=list(figures),
        base_revision=base_revision,
        note=note,
        rounded_to=rounded_to,
    )


def new_submission(
    *returns: NewReturn,
    organisation: str | None = None,
    confirm_withdrawals: bool = False,
    justifications: Mapping[str, str] | None = None,
    note: str | None = None,
) -> NewSubmission:
    """Return a submission of one or more returns, accepted or rejected as a whole.

    `justifications` are texts by the id of the finding that they justify.
    """
    return NewSubmission(
        returns=list(returns),
        organisation=organisation,
        confirm_withdrawals=confirm_withdrawals,
        justifications=[Justification(finding=finding, text=text) for finding, text in (justifications or {}).items()],
        note=note,
    )
