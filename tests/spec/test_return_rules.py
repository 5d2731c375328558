"""What may be asked of returns, what differs between two revisions, and what is to be filled in. Pure."""

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
from api.submissions.revisions import MISSING, Cells
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
def test_an_instant_has_an_offset(text):
    assert rules.parse_history_range(text, None, now=NOW) == HistoryRange(as_of=INSTANTS[text])
    assert rules.parse_history_range(None, text, now=NOW) == HistoryRange(updated_after=INSTANTS[text])


@pytest.mark.parametrize("text", NO_INSTANTS)
def test_what_is_no_instant_says_what_is_missing(text):
    with pytest.raises(InvalidParameter) as refusal:
        rules.parse_history_range(text, None, now=NOW)
    assert NO_INSTANTS[text] in str(refusal.value)
    assert [(finding.path, finding.actual) for finding in refusal.value.findings] == [("as_of", text)]


def test_an_instant_is_past():
    with pytest.raises(rules.InstantInFuture, match="as_of is 2026-03-05T12:00:01"):
        rules.parse_history_range("2026-03-05T12:00:01Z", None, now=NOW)
    with pytest.raises(rules.InstantInFuture, match="updated_after"):
        rules.parse_history_range(None, "2027-03-05T12:00:00Z", now=NOW)
    with pytest.raises(InvalidParameter, match="nothing lies between"):
        rules.parse_history_range("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", now=NOW)
    same = rules.parse_history_range("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", now=NOW)
    assert same.as_of == same.updated_after


def test_filters_are_codes_that_there_are():
    asked = {
        "organisation": "quay-college",
        "measure": "visits",
        "series": "by-door",
        "service": "main",
        "period": "2026-02",
        "kind": ReturnKind.NIL,
        "state": ReviewState.QUERIED,
    }
    assert rules.build_filter(HARBOUR_CATALOGUE, ["quay-college"], **asked) == ReturnFilter(
        readable_organisations=["quay-college"], **asked
    )
    assert rules.build_filter(HARBOUR_CATALOGUE, None) == ReturnFilter(readable_organisations=None)
    assert rules.build_filter(HARBOUR_CATALOGUE, None, series="by-day").series == "by-day"


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ({"organisation": "quay-colege"}, r"\bquay-college\b"),
        ({"measure": "learner"}, r"\blearners\b"),
        ({"series": "headlines"}, r"\bheadline\b"),
        ({"measure": "visits", "series": "headline"}, "by-day, by-door"),
        ({"service": "side"}, r"\bmain\b"),
    ],
)
def test_a_filter_that_is_no_code_offers_the_nearest(asked, hint):
    with pytest.raises(UnknownCode, match=hint):
        rules.build_filter(HARBOUR_CATALOGUE, None, **asked)


def test_a_filter_that_is_no_period_offers_the_candidates():
    with pytest.raises(UnclearPeriod, match="FY2026-27-Q1"):
        rules.build_filter(HARBOUR_CATALOGUE, None, period="2026-Q1")


def test_an_area_that_is_none_offers_the_nearest():
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


def test_a_path_names_one_return():
    assert rules.build_single_return_filter(HARBOUR_CATALOGUE, None, **ONE) == ReturnFilter(
        readable_organisations=None, **ONE
    )
    assert (
        rules.build_single_return_filter(HARBOUR_CATALOGUE, ["x"], **(ONE | {"service": "of-old"})).service == "of-old"
    )


@pytest.mark.parametrize(
    "wrong",
    [{"organisation": "nobody"}, {"measure": "nothing"}, {"series": "by-door"}, {"service": "\0"}, {"service": "A b"}],
)
def test_a_path_that_names_none_finds_nothing(wrong):
    with pytest.raises(NotFound):
        rules.build_single_return_filter(HARBOUR_CATALOGUE, None, **(ONE | wrong))


@pytest.mark.parametrize(
    "place", [PLACE, CellCursor(PLACE, EAST, "sex=female"), CellCursor(PLACE, TOWN, ""), EventCursor(UUID(int=7))]
)
def test_a_cursor_leads_back_to_its_place(place):
    assert pagination.decode_cursor(pagination.encode_cursor(place), type(place)) == place
    assert pagination.decode_cursor(None, type(place)) is None


@pytest.mark.parametrize("cursor", ["", "x", "W10", "eyJhIjoxfQ", "é", pagination.encode_cursor(PLACE), "WyJ4Il0"])
def test_what_is_no_cursor_is_refused(cursor):
    with pytest.raises(InvalidCursor, match=f"^'{cursor[:80]}'"):
        pagination.decode_cursor(cursor, EventCursor)


@pytest.mark.parametrize("text", ["\0", "A", "x" * 81])
def test_a_cursor_made_by_hand_holds_names_alone(text):
    with pytest.raises(InvalidCursor, match="^'"):
        pagination.decode_cursor(pagination.encode_cursor(replace(PLACE, service=text)), ReturnCursor)


def test_a_cursor_of_cells_names_an_area_and_a_breakdown_of_the_programme():
    place = CellCursor(PLACE, EAST, "sex=female")
    assert rules.decode_cell_cursor(pagination.encode_cursor(place), HARBOUR_CATALOGUE) == place
    assert rules.decode_cell_cursor(None, HARBOUR_CATALOGUE) is None
    for wrong in (replace(place, area="E05999990"), replace(place, breakdown="sex=f")):
        with pytest.raises(InvalidCursor, match="not known here"):
            rules.decode_cell_cursor(pagination.encode_cursor(wrong), HARBOUR_CATALOGUE)


def test_a_page_ends_at_its_last_cell():
    last = ReturnCell(
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
    assert rules.make_cell_cursor(last) == CellCursor(PLACE, EAST, "need=travel;sex=female")


def standing(number: int) -> ReturnRevision:
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


def detail(number: int, **content: object) -> ReturnDetail:
    return ReturnDetail(summary=standing(number), observations=[], **content)


def columns(**values: int) -> Cells:
    """Cells of the town, by the key of their breakdown."""
    size = len(values)
    nothing = np.full(size, MISSING, dtype=np.int64)
    return Cells(
        item=np.zeros(size, dtype=np.int64),
        area=np.full(size, HARBOUR_CATALOGUE.ids.areas[TOWN], dtype=np.int64),
        breakdown=np.array([HARBOUR_CATALOGUE.ids.breakdowns[f"sex={sex}"] for sex in values], dtype=np.int64),
        value=np.array([*values.values()], dtype=np.int64),
        numerator=nothing,
        denominator=nothing,
        lower=nothing,
        upper=nothing,
        status=np.zeros(size, dtype=np.int64),
        notes=np.full(size, None, dtype=np.object_),
    )


def test_two_revisions_of_a_count_differ_by_their_cells(monkeypatch):
    before, now = columns(female=1, male=2), columns(female=1, male=3, unknown=4)
    found = rules.compare_revisions((detail(1), before), (detail(2), now), HARBOUR_CATALOGUE)
    assert found.counts == CellCounts(received=3, added=1, changed=1, unchanged=1, withdrawn=0)
    told = [(c.cell.breakdown, c.before and c.before.value, c.after and c.after.value) for c in found.changes]
    assert told == [({"sex": "male"}, 2, 3), ({"sex": "unknown"}, None, 4)]
    assert (found.change_count, found.items, found.entries) == (2, [], [])
    monkeypatch.setattr(rules, "MAX_LISTED_CHANGES", 1)
    found = rules.compare_revisions((detail(1), before), (detail(2), now), HARBOUR_CATALOGUE)
    assert (len(found.changes), found.change_count) == (1, 2)


def test_two_revisions_of_a_milestone_differ_by_their_items():
    a, b, c = (MilestoneItem(item=code, title=code, stage="begun", date=date(2026, 1, 1)) for code in "abc")
    later = replace(b, stage="done")
    found = rules.compare_revisions(
        (detail(1, items=[a, b]), columns()), (detail(2, items=[later, c]), columns()), HARBOUR_CATALOGUE
    )
    assert [(one.item, one.before, one.after) for one in found.items] == [
        ("a", a, None),
        ("b", b, later),
        ("c", None, c),
    ]
    assert (found.change_count, found.changes, found.entries) == (3, [], [])
    same = rules.compare_revisions(
        (detail(1, items=[a, b]), columns()), (detail(2, items=[b, a]), columns()), HARBOUR_CATALOGUE
    )
    assert (same.change_count, same.items) == (0, [])


def test_two_revisions_of_evidence_differ_by_their_entries():
    a, b = (EvidenceEntry(domain="d", title=title, date=date(2026, 1, 1)) for title in "ab")
    found = rules.compare_revisions((detail(1, entries=[a]), columns()), (detail(2), columns()), HARBOUR_CATALOGUE)
    assert [(one.before, one.after) for one in found.entries] == [(a, None)]
    assert found.counts == CellCounts(received=0, added=0, changed=0, unchanged=0, withdrawn=1)
    found = rules.compare_revisions(
        (detail(1, entries=[a]), columns()), (detail(2, entries=[a, b]), columns()), HARBOUR_CATALOGUE
    )
    assert [(one.before, one.after) for one in found.entries] == [(None, b)]


def test_revisions_are_compared_in_their_order():
    assert rules.check_revision_order(1, 2) == (1, 2)
    assert rules.check_revision_order(2, 2) == (2, 2)
    with pytest.raises(InvalidParameter, match="turn them round"):
        rules.check_revision_order(3, 2)


def form(measure: str, organisation: str = "quay-college", **asked: str) -> forms.ReturnTemplate:
    return forms.build_template(
        HARBOUR_CATALOGUE,
        organisation,
        **({"measure": measure, "series": None, "service": None, "period": "2026-02"} | asked),
    )


def table(made: forms.ReturnTemplate) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(forms.write_csv(made, HARBOUR_CATALOGUE).decode("utf-8-sig"), newline="")))


def test_a_form_has_exactly_the_cells_that_are_owed():
    made = form("learners")
    rows = table(made)
    assert made.filename == "learners_headline_main_2026-02.csv"
    told = [(row["area"], row["sex"], row["need"]) for row in rows]
    sexes, needs = ("female", "male", "unknown"), ("travel", "childcare")
    town = [("", ""), *((sex, "") for sex in sexes), *(("", need) for need in needs)]
    town += [(sex, need) for sex in sexes for need in needs]
    quarters = [("", ""), *((sex, "") for sex in sexes)]
    assert len(told) == len(set(told))
    assert set(told) == {(TOWN, *one) for one in town} | {
        (area, *one) for area in (EAST, WEST, f"{TOWN}-unknown") for one in quarters
    }
    labelled = next(row for row in rows if row["sex"] == "unknown" and row["area"] == TOWN)
    assert (labelled["area_label"], labelled["sex_label"], labelled["need_label"]) == ("Harbour", "Not known", "")
    assert {row["value"] for row in rows} == {""}


def test_a_form_of_a_ratio_asks_for_its_parts():
    [header, *_] = forms.write_csv(form("pass-rate"), HARBOUR_CATALOGUE).decode("utf-8-sig").split("\r\n")
    assert header.endswith("area_label,sex,sex_label,numerator,denominator,lower,upper,status,note")
    schema = msgspec.to_builtins(forms.build_schema(form("pass-rate")))
    given = {"measure": "pass-rate", "series": "headline", "service": "main", "period": "2026-02"}
    valid = jsonschema.Draft202012Validator(schema).is_valid
    assert valid(given | {"observations": [{"area": TOWN, "numerator": 1, "denominator": 2}]})
    assert not valid(given | {"observations": [{"area": TOWN, "numerator": 1}]})
    assert not valid(given | {"observations": [{"area": TOWN, "value": 1}]})


@pytest.mark.parametrize(
    ("asked", "codes"),
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
def test_what_cannot_be_filled_in_says_why(asked, codes):
    with pytest.raises(forms.NoTemplate) as refusal:
        form(**asked)
    assert [finding.code for finding in refusal.value.findings] == codes
    assert {finding.path for finding in refusal.value.findings} <= {"measure", "series", "service", "period"}


def test_a_form_may_be_had_before_its_period_is_over():
    assert form("learners", period="2026-12").period.code == "2026-12"


def test_forms_are_for_their_own_organisation_and_reviewers():
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
def test_what_is_told_in_words_has_a_schema_and_no_table(kind, name):
    plain = form("learners")
    made = replace(
        plain, measure=replace(plain.measure, kind=kind, stages=["begun"], domains=["study"]), list_name=name, cells=()
    )
    schema = msgspec.to_builtins(forms.build_schema(made))
    assert schema["required"][-1] == name
    jsonschema.Draft202012Validator.check_schema(schema)
    with pytest.raises(forms.NoTemplate, match=rf"\b{name}\b"):
        forms.write_csv(made, HARBOUR_CATALOGUE)


def test_what_is_not_counted_has_a_schema_without_cells():
    schema = msgspec.to_builtins(forms.build_schema(form("prospectus")))
    assert "items" in str(schema)
