"""Short ways to write down what is sent."""

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
    """One cell: `observation("E06000018", 140, breakdown={"sex": "female"})`.

    Args:
        area: A GSS code.
        value: A count. A proportion has a numerator and a denominator in its place.
        breakdown: Dimension to category; none for the total.
        numerator: Of a proportion.
        denominator: Of a proportion.
        lower: With status `c`: it is at least this.
        upper: With status `c`: it is at most this.
        status: Why there is no number.
        note: Whatever the reader should know.
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
) -> PublisherFigure:
    """One figure of a published series: `figure("E06000018", "30.1", limits={"95": ("25.0", "35.2")})`.

    Numbers are texts or decimals, so that they keep their publisher's digits.

    Args:
        area: A GSS code.
        value: In the measure's unit.
        breakdown: Dimension to category; none for the total.
        limits: The lower and the upper one, by their confidence, `95` or `99.8`.
        method: How the limits were made, where the publisher gives none.
        numerator: Where the publisher gives it.
        denominator: Where the publisher gives it.
        status: Why there is no value.
        markers: What is to be known of the value: `p` provisional, `r` revised, `u` low reliability.
        note: Whatever the reader should know.
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
        markers=[Marker(one) for one in markers],
        note=note,
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
) -> NewReturn:
    """What is said of one measure in one period. It replaces what stood, whole.

    A milestone measure has `items`, an evidence measure `entries`, a published series `figures`, any other
    `observations`. `base_revision` is the
    revision that the return was made from (0 for none): if another stands by now, `Conflict` tells the difference.
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
    )


def new_submission(
    *returns: NewReturn,
    organisation: str | None = None,
    confirm_withdrawals: bool = False,
    justifications: Mapping[str, str] | None = None,
    note: str | None = None,
) -> NewSubmission:
    """One push of one or more returns: all of them are taken, or none. `justifications` are texts by a finding's id."""
    return NewSubmission(
        returns=list(returns),
        organisation=organisation,
        confirm_withdrawals=confirm_withdrawals,
        justifications=[Justification(finding=one, text=text) for one, text in (justifications or {}).items()],
        note=note,
    )
