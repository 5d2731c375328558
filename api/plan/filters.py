"""Filters of the list operations: measures and areas."""

from collections.abc import Iterable, Mapping, Sequence

from api.http.csv_text import TableValue
from api.http.refusals import Invalid
from api.plan.catalogue import Catalogue
from api.plan.suggestions import suggest_codes, suggest_named_codes
from schema.areas import Area
from schema.disclosure import DisclosureClass
from schema.logic_model import LogicModelColumn
from schema.measures import Measure, MeasureKind

MAX_LISTED_CODES = 20


class UnknownCode(Invalid):
    """The programme has no such code."""

    example = "GET …/preview/outcomes?measure=ips-referrals"
    fix = "Use one of the codes in the detail."


def check_code(noun: str, code: str, codes: Iterable[str]) -> str:
    """Return `code` if it is one of `codes`. Raises UnknownCode, which suggests similar codes."""
    codes = sorted(codes)
    if code not in codes:
        raise UnknownCode(f"{code!r} is not {noun}. {suggest_codes(code, codes) or _list_codes(codes)}")
    return code


def check_area(code: str, areas: Mapping[str, Area]) -> str:
    """Return `code` if an area has it. Raises UnknownCode, which suggests areas with a similar code or name."""
    if code not in areas:
        names = {known: area.name for known, area in areas.items()}
        suggestion = suggest_named_codes(code, names) or _list_codes(sorted(areas))
        raise UnknownCode(f"{code!r} is not an area. {suggestion}")
    return code


def _list_codes(codes: Sequence[str]) -> str:
    others = f" and {len(codes) - MAX_LISTED_CODES} others" if len(codes) > MAX_LISTED_CODES else ""
    return f"Known codes: {', '.join(codes[:MAX_LISTED_CODES])}{others}."


def filter_measures(
    catalogue: Catalogue,
    *,
    theme: str | None = None,
    column: LogicModelColumn | None = None,
    kind: MeasureKind | None = None,
    disclosure_class: DisclosureClass | None = None,
    organisation: str | None = None,
    reference: str | None = None,
) -> list[Measure]:
    """Return the measures that satisfy every given condition. Raises UnknownCode."""
    plan = catalogue.plan
    if theme is not None:
        check_code("a theme", theme, (t.slug for t in plan.themes))
    if organisation is not None:
        check_code(
            "an organisation or role",
            organisation,
            [*(o.slug for o in plan.organisations), *catalogue.organisation_by_role],
        )
    if reference is not None:
        check_code("a plan reference", reference, (r.code for m in plan.measures for r in m.plan_references))
    owed = {d.measure for d in plan.duties if organisation in (d.holder, catalogue.resolve_holder(d))}
    return [
        measure
        for measure in plan.measures
        if (theme is None or measure.theme == theme)
        and (column is None or measure.column is column)
        and (kind is None or measure.kind is kind)
        and (disclosure_class is None or measure.disclosure_class is disclosure_class)
        and (organisation is None or measure.slug in owed)
        and (reference is None or reference in {r.code for r in measure.plan_references})
    ]


def filter_areas(catalogue: Catalogue, *, level: str | None = None, within: str | None = None) -> list[Area]:
    """Return the areas of a level, or within an area, which is included. Raises UnknownCode."""
    if level is not None:
        check_code("a level", level, catalogue.level_ranks)
    if within is not None:
        check_area(within, catalogue.areas)
    return [
        area
        for area in catalogue.plan.areas
        if (level is None or area.level == level) and (within is None or catalogue.is_within(area.code, within))
    ]


AREA_CSV_COLUMNS = ("code", "name", "level", "parent", "families", "valid_from", "valid_to", "successors")


def build_area_rows(areas: Iterable[Area]) -> list[list[TableValue]]:
    """Build the rows of the CSV file. Families and successors are lists of codes with spaces between them."""
    return [
        [
            *(area.code, area.name, area.level, area.parent, " ".join(area.families)),
            *(area.valid_from, area.valid_to, " ".join(area.successors)),
        ]
        for area in areas
    ]
