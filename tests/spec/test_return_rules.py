"""Queries of returns, comparisons of revisions, and templates. Pure functions."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import jsonschema
import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from api.http import pagination
from api.http.pagination import InvalidCursor
from api.http.refusals import InvalidParameter, NotAllowed, NotFound
from api.plan.filters import UnknownCode
from api.plan.periods import UnclearPeriod
from api.returns import forms, rules
from api.returns.asked import CellCursor, EventCursor, HistoryRange, ReturnCursor, ReturnFilter
from api.statistics import periods
from api.submissions.cell_columns import MISSING, Cells
from schema.measures import MeasureKind
from schema.returns import ReturnCell, ReturnDetail, ReturnRevision
from schema.submission_reports import CellCounts
from schema.submissions import EvidenceEntry, MilestoneItem, ReturnKind, ReviewState
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, TOWN, WEST

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
PLACE = ReturnCursor("learners", "headline", "main", "quay-college", date(2026, 2, 1), "2026-02")


# fmt: off
INSTANTS = {
    "2026-03-05T12:00:00Z":             NOW,
    "2026-03-05T13:00:00+01:00":        NOW,
    "2026-03-05T11:59:59.5Z":           NOW - timedelta(milliseconds=500),
}
NO_INSTANTS = {
    "2026-03-05T12:00:00":              "offset",
    "2026-03-05":                       "offset",
    "yesterday":                        "offset",
    "":                                 "offset",
    "2026-03-05T13:00:00 01:00":        "%2B",
    "0001-01-01T00:00:00+14:00":        "offset",
}
# fmt: on


@pytest.mark.parametrize("text", INSTANTS)
def test_instant_with_an_offset_is_accepted(text):
    assert rules.parse_history_range(text, None, now=NOW) == HistoryRange(as_of=INSTANTS[text])
    assert rules.parse_history_range(None, text, now=NOW) == HistoryRange(updated_after=INSTANTS[text])


@pytest.mark.parametrize("text", NO_INSTANTS)
def test_invalid_instant_is_refused_with_what_is_missing(text):
    with pytest.raises(InvalidParameter) as refusal:
        rules.parse_history_range(text, None, now=NOW)
    assert NO_INSTANTS[text] in str(refusal.value)
    assert [(finding.path, finding.actual) for finding in refusal.value.findings] == [("as_of", text)]


def test_future_and_reversed_instants_are_refused():
    with pytest.raises(rules.InstantInFuture, match="as_of is 2026-03-05T12:00:01"):
        rules.parse_history_range("2026-03-05T12:00:01Z", None, now=NOW)
    with pytest.raises(rules.InstantInFuture, match="updated_after"):
        rules.parse_history_range(None, "2027-03-05T12:00:00Z", now=NOW)
    with pytest.raises(InvalidParameter, match="nothing lies between"):
        rules.parse_history_range("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", now=NOW)
    same = rules.parse_history_range("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", now=NOW)
    assert same.as_of == same.updated_after


def test_filters_are_existing_codes():
    filters = {
        "organisation": "quay-college",
        "measure": "visits",
        "series": "by-door",
        "service": "main",
        "period": "2026-02",
        "kind": ReturnKind.NIL,
        "state": ReviewState.QUERIED,
    }
    assert rules.build_filter(HARBOUR_CATALOGUE, ["quay-college"], **filters) == ReturnFilter(
        readable_organisations=["quay-college"], **filters
    )
    assert rules.build_filter(HARBOUR_CATALOGUE, None) == ReturnFilter(readable_organisations=None)
    assert rules.build_filter(HARBOUR_CATALOGUE, None, series="by-day").series == "by-day"


@pytest.mark.parametrize(
    ("filters", "suggestion"),
    [
        ({"organisation": "quay-colege"}, r"\bquay-college\b"),
        ({"measure": "learner"}, r"\blearners\b"),
        ({"series": "headlines"}, r"\bheadline\b"),
        ({"measure": "visits", "series": "headline"}, "by-day, by-door"),
        ({"service": "side"}, r"\bmain\b"),
    ],
)
def test_unknown_filter_is_refused_with_the_nearest_code(filters, suggestion):
    with pytest.raises(UnknownCode, match=suggestion):
        rules.build_filter(HARBOUR_CATALOGUE, None, **filters)


def test_unclear_period_is_refused_with_candidates():
    with pytest.raises(UnclearPeriod, match="FY2026-27-Q1"):
        rules.build_filter(HARBOUR_CATALOGUE, None, period="2026-Q1")


def test_unknown_area_is_refused_with_the_nearest_code():
    assert rules.check_area(HARBOUR_CATALOGUE, None) is None
    assert rules.check_area(HARBOUR_CATALOGUE, TOWN) == TOWN
    with pytest.raises(UnknownCode, match=TOWN):
        rules.check_area(HARBOUR_CATALOGUE, "E06999990")


ONE = {
    "organisation": "quay-college",
    "measure": "learners",
    "series": "headline",
    "service": "main",
    "period": "2026-02",
}


def test_path_names_one_return():
    assert rules.build_single_return_filter(HARBOUR_CATALOGUE, None, **ONE) == ReturnFilter(
        readable_organisations=None, **ONE
    )
    assert (
        rules.build_single_return_filter(HARBOUR_CATALOGUE, ["x"], **(ONE | {"service": "of-old"})).service == "of-old"
    )


@pytest.mark.parametrize(
    "changes",
    [{"organisation": "nobody"}, {"measure": "nothing"}, {"series": "by-door"}, {"service": "\0"}, {"service": "A b"}],
)
def test_path_without_a_return_is_not_resolved(changes):
    with pytest.raises(NotFound):
        rules.build_single_return_filter(HARBOUR_CATALOGUE, None, **(ONE | changes))


@pytest.mark.parametrize(
    "cursor", [PLACE, CellCursor(PLACE, EAST, "sex=female"), CellCursor(PLACE, TOWN, ""), EventCursor(UUID(int=7))]
)
def test_cursor_decodes_to_what_was_encoded(cursor):
    assert pagination.decode_cursor(pagination.encode_cursor(cursor), type(cursor)) == cursor
    assert pagination.decode_cursor(None, type(cursor)) is None


@pytest.mark.parametrize("cursor", ["", "x", "W10", "eyJhIjoxfQ", "é", pagination.encode_cursor(PLACE), "WyJ4Il0"])
def test_invalid_cursor_is_refused(cursor):
    with pytest.raises(InvalidCursor, match=f"^'{cursor[:80]}'"):
        pagination.decode_cursor(cursor, EventCursor)


@pytest.mark.parametrize("text", ["\0", "A", "x" * 81])
def test_cursor_written_by_hand_contains_only_names(text):
    with pytest.raises(InvalidCursor, match="^'"):
        pagination.decode_cursor(pagination.encode_cursor(replace(PLACE, service=text)), ReturnCursor)


def test_cell_cursor_names_an_area_and_a_breakdown_of_the_programme():
    cursor = CellCursor(PLACE, EAST, "sex=female")
    assert rules.decode_cell_cursor(pagination.encode_cursor(cursor), HARBOUR_CATALOGUE) == cursor
    assert rules.decode_cell_cursor(None, HARBOUR_CATALOGUE) is None
    for wrong_cursor in (replace(cursor, area="E05999990"), replace(cursor, breakdown="sex=f")):
        with pytest.raises(InvalidCursor, match="not known here"):
            rules.decode_cell_cursor(pagination.encode_cursor(wrong_cursor), HARBOUR_CATALOGUE)


def test_cell_cursor_is_the_last_cell_of_its_page():
    last_cell = ReturnCell(
        organisation="quay-college",
        measure="learners",
        series="headline",
        service="main",
        period="2026-02",
        revision=3,
        recorded_at=NOW,
        area=EAST,
        breakdown={"sex": "female", "need": "travel"},
        **dict.fromkeys(("value", "numerator", "denominator", "lower", "upper", "status", "note")),
    )
    assert rules.make_cell_cursor(last_cell) == CellCursor(PLACE, EAST, "need=travel;sex=female")


def make_revision(number: int) -> ReturnRevision:
    return ReturnRevision(
        organisation="quay-college",
        measure="learners",
        series="headline",
        service="main",
        period=periods.parse("2026-02"),
        kind=ReturnKind.DATA,
        revision=number,
        state=ReviewState.PENDING,
        approved_revision=None,
        cells=0,
        submission=UUID(int=number),
        recorded_at=NOW,
        note=None,
    )


def make_detail(number: int, **content: object) -> ReturnDetail:
    return ReturnDetail(summary=make_revision(number), observations=[], **content)


def make_cells(**values: int) -> Cells:
    """Return cells of the town with these values by sex."""
    size = len(values)
    missing = np.full(size, MISSING, dtype=np.int64)
    return Cells(
        item=np.zeros(size, dtype=np.int64),
        area=np.full(size, HARBOUR_CATALOGUE.ids.areas[TOWN], dtype=np.int64),
        breakdown=np.array([HARBOUR_CATALOGUE.ids.breakdowns[f"sex={sex}"] for sex in values], dtype=np.int64),
        value=np.array([*values.values()], dtype=np.int64),
        numerator=missing,
        denominator=missing,
        lower=missing,
        upper=missing,
        status=np.zeros(size, dtype=np.int64),
        notes=np.full(size, None, dtype=np.object_),
    )


def test_counts_are_compared_cell_by_cell(monkeypatch):
    before, after = make_cells(female=1, male=2), make_cells(female=1, male=3, unknown=4)
    comparison = rules.compare_revisions((make_detail(1), before), (make_detail(2), after), HARBOUR_CATALOGUE)
    assert comparison.counts == CellCounts(received=3, added=1, changed=1, unchanged=1, withdrawn=0)
    changes = [
        (change.cell.breakdown, change.before and change.before.value, change.after and change.after.value)
        for change in comparison.changes
    ]
    assert changes == [({"sex": "male"}, 2, 3), ({"sex": "unknown"}, None, 4)]
    assert (comparison.change_count, comparison.items, comparison.entries) == (2, [], [])
    monkeypatch.setattr(rules, "MAX_LISTED_CHANGES", 1)
    comparison = rules.compare_revisions((make_detail(1), before), (make_detail(2), after), HARBOUR_CATALOGUE)
    assert (len(comparison.changes), comparison.change_count) == (1, 2)


def test_milestones_are_compared_item_by_item():
    a, b, c = (MilestoneItem(item=code, title=code, stage="begun", date=date(2026, 1, 1)) for code in "abc")
    changed_item = replace(b, stage="done")
    comparison = rules.compare_revisions(
        (make_detail(1, items=[a, b]), make_cells()),
        (make_detail(2, items=[changed_item, c]), make_cells()),
        HARBOUR_CATALOGUE,
    )
    assert [(change.item, change.before, change.after) for change in comparison.items] == [
        ("a", a, None),
        ("b", b, changed_item),
        ("c", None, c),
    ]
    assert (comparison.change_count, comparison.changes, comparison.entries) == (3, [], [])
    unchanged = rules.compare_revisions(
        (make_detail(1, items=[a, b]), make_cells()), (make_detail(2, items=[b, a]), make_cells()), HARBOUR_CATALOGUE
    )
    assert (unchanged.change_count, unchanged.items) == (0, [])


def test_evidence_is_compared_entry_by_entry():
    a, b = (EvidenceEntry(domain="d", title=title, date=date(2026, 1, 1)) for title in "ab")
    comparison = rules.compare_revisions(
        (make_detail(1, entries=[a]), make_cells()), (make_detail(2), make_cells()), HARBOUR_CATALOGUE
    )
    assert [(change.before, change.after) for change in comparison.entries] == [(a, None)]
    assert comparison.counts == CellCounts(received=0, added=0, changed=0, unchanged=0, withdrawn=1)
    comparison = rules.compare_revisions(
        (make_detail(1, entries=[a]), make_cells()), (make_detail(2, entries=[a, b]), make_cells()), HARBOUR_CATALOGUE
    )
    assert [(change.before, change.after) for change in comparison.entries] == [(None, b)]


def test_older_revision_must_come_first():
    assert rules.check_revision_order(1, 2) == (1, 2)
    assert rules.check_revision_order(2, 2) == (2, 2)
    with pytest.raises(InvalidParameter, match="turn them round"):
        rules.check_revision_order(3, 2)


def make_template(measure: str, organisation: str = "quay-college", **changes: str) -> forms.ReturnTemplate:
    return forms.build_template(
        HARBOUR_CATALOGUE,
        organisation,
        **({"measure": measure, "series": None, "service": None, "period": "2026-02"} | changes),
    )


def read_rows(template: forms.ReturnTemplate) -> list[dict[str, str]]:
    return list(
        csv.DictReader(io.StringIO(forms.write_csv(template, HARBOUR_CATALOGUE).decode("utf-8-sig"), newline=""))
    )


def test_template_has_exactly_the_owed_cells():
    template = make_template("learners")
    rows = read_rows(template)
    assert template.filename == "learners_headline_main_2026-02.csv"
    cells = [(row["area"], row["sex"], row["need"]) for row in rows]
    sexes, needs = ("female", "male", "unknown"), ("travel", "childcare")
    town = [("", ""), *((sex, "") for sex in sexes), *(("", need) for need in needs)]
    town += [(sex, need) for sex in sexes for need in needs]
    quarters = [("", ""), *((sex, "") for sex in sexes)]
    assert len(cells) == len(set(cells))
    assert set(cells) == {(TOWN, *categories) for categories in town} | {
        (area, *categories) for area in (EAST, WEST, f"{TOWN}-unknown") for categories in quarters
    }
    labelled = next(row for row in rows if row["sex"] == "unknown" and row["area"] == TOWN)
    assert (labelled["area_label"], labelled["sex_label"], labelled["need_label"]) == ("Harbour", "Not known", "")
    assert {row["value"] for row in rows} == {""}


def test_schema_of_a_ratio_needs_numerator_and_denominator():
    [header, *_] = forms.write_csv(make_template("pass-rate"), HARBOUR_CATALOGUE).decode("utf-8-sig").split("\r\n")
    assert header.endswith("area_label,sex,sex_label,numerator,denominator,lower,upper,status,note")
    schema = msgspec.to_builtins(forms.build_schema(make_template("pass-rate")))
    identity = {"measure": "pass-rate", "series": "headline", "service": "main", "period": "2026-02"}
    is_valid = jsonschema.Draft202012Validator(schema).is_valid
    assert is_valid(identity | {"observations": [{"area": TOWN, "numerator": 1, "denominator": 2}]})
    assert not is_valid(identity | {"observations": [{"area": TOWN, "numerator": 1}]})
    assert not is_valid(identity | {"observations": [{"area": TOWN, "value": 1}]})


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"measure": "learner"}, ["unknown-measure"]),
        ({"measure": "visits"}, ["series-required"]),
        ({"measure": "visits", "series": "by-dor"}, ["unknown-series"]),
        ({"measure": "visits", "series": "by-door", "service": "x"}, ["no-duty"]),
        ({"measure": "learners", "period": "FY2025-26-Q4"}, ["wrong-period-type"]),
        ({"measure": "learners", "period": "2027-01"}, ["period-outside-programme"]),
        ({"measure": "learner", "period": "2026"}, ["unknown-measure", "unclear-period"]),
    ],
)
def test_impossible_template_is_refused_with_a_reason(changes, codes):
    with pytest.raises(forms.NoTemplate) as refusal:
        make_template(**changes)
    assert [finding.code for finding in refusal.value.findings] == codes
    assert {finding.path for finding in refusal.value.findings} <= {"measure", "series", "service", "period"}


def test_template_is_available_before_the_end_of_its_period():
    assert make_template("learners", period="2026-12").period.code == "2026-12"


def test_templates_are_for_the_own_organisation_and_reviewers():
    assert forms.choose_organisation(None, "quay-college", HARBOUR_CATALOGUE, is_reviewer=False) == "quay-college"
    assert (
        forms.choose_organisation("quay-college", "quay-college", HARBOUR_CATALOGUE, is_reviewer=False)
        == "quay-college"
    )
    assert (
        forms.choose_organisation("pier-college", "quay-college", HARBOUR_CATALOGUE, is_reviewer=True) == "pier-college"
    )
    with pytest.raises(NotAllowed, match="for reviewers"):
        forms.choose_organisation("pier-college", "quay-college", HARBOUR_CATALOGUE, is_reviewer=False)


@pytest.mark.parametrize(("kind", "name"), [(MeasureKind.MILESTONE, "items"), (MeasureKind.EVIDENCE, "entries")])
def test_milestones_and_evidence_have_a_schema_but_no_csv_template(kind, name):
    counts_template = make_template("learners")
    template = replace(
        counts_template,
        measure=replace(counts_template.measure, kind=kind, stages=["begun"], domains=["study"]),
        list_name=name,
        cells=(),
    )
    schema = msgspec.to_builtins(forms.build_schema(template))
    assert schema["required"][-1] == name
    jsonschema.Draft202012Validator.check_schema(schema)
    with pytest.raises(forms.NoTemplate, match=rf"\b{name}\b"):
        forms.write_csv(template, HARBOUR_CATALOGUE)


def test_schema_of_a_milestone_lists_items():
    schema = msgspec.to_builtins(forms.build_schema(make_template("prospectus")))
    assert "items" in str(schema)
