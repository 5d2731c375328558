"""Parameters of operations on returns: instants, filters, paths and cursors."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from api.http import pagination
from api.http.pagination import InvalidCursor
from api.http.refusals import InvalidParameter, NotFound
from api.plan.filters import UnknownCode
from api.plan.periods import UnclearPeriod
from api.returns import parameters
from api.returns.query import CellCursor, EventCursor, HistoryRange, ReturnCursor, ReturnFilter
from api.submissions.revisions import PastInstant
from schema.returns import ReturnCell
from schema.submissions import ReturnKind, ReviewState
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, TOWN

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
RETURN_CURSOR = ReturnCursor("learners", "headline", "main", "quay-college", date(2026, 2, 1), "2026-02")


# fmt: off
INSTANTS = {
    "2026-03-05T12:00:00Z":             NOW,
    "2026-03-05T13:00:00+01:00":        NOW,
    "2026-03-05T11:59:59.5Z":           NOW - timedelta(milliseconds=500),
}
INVALID_INSTANTS = {
    "2026-03-05T12:00:00":              "offset",
    "2026-03-05":                       "offset",
    "yesterday":                        "offset",
    "":                                 "offset",
    "2026-03-05T13:00:00 01:00":        "%2B",
    "0001-01-01T00:00:00+14:00":        "offset",
}
# fmt: on


@pytest.mark.parametrize("text", INSTANTS)
def test_instants_with_any_offset_are_accepted(text):
    assert parameters.parse_history_range(text, None, now=NOW) == HistoryRange(as_of=INSTANTS[text])
    assert parameters.parse_history_range(None, text, now=NOW) == HistoryRange(updated_after=INSTANTS[text])


@pytest.mark.parametrize("text", INVALID_INSTANTS)
def test_invalid_instant_is_refused_with_its_parameter_and_value(text):
    with pytest.raises(InvalidParameter) as refusal:
        parameters.parse_history_range(text, None, now=NOW)
    assert INVALID_INSTANTS[text] in str(refusal.value)
    assert [(finding.path, finding.actual) for finding in refusal.value.findings] == [("as_of", text)]


def test_future_instants_and_reversed_ranges_are_refused():
    with pytest.raises(parameters.InstantInFuture, match="as_of is 2026-03-05T12:00:01"):
        parameters.parse_history_range("2026-03-05T12:00:01Z", None, now=NOW)
    with pytest.raises(parameters.InstantInFuture, match="updated_after"):
        parameters.parse_history_range(None, "2027-03-05T12:00:00Z", now=NOW)
    with pytest.raises(InvalidParameter, match=r"\bupdated_after\b.*\bas_of\b"):
        parameters.parse_history_range("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", now=NOW)
    history_range = parameters.parse_history_range("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", now=NOW)
    assert history_range.as_of == history_range.updated_after


def test_known_codes_become_a_filter():
    query = {
        "organisation": "quay-college",
        "measure": "visits",
        "series": "by-door",
        "service": "main",
        "period": "2026-02",
        "kind": ReturnKind.NIL,
        "state": ReviewState.QUERIED,
    }
    assert parameters.build_filter(HARBOUR_CATALOGUE, ["quay-college"], **query) == ReturnFilter(
        readable_organisations=["quay-college"], **query
    )
    assert parameters.build_filter(HARBOUR_CATALOGUE, None) == ReturnFilter(readable_organisations=None)
    assert parameters.build_filter(HARBOUR_CATALOGUE, None, series="by-day").series == "by-day"


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ({"organisation": "quay-colege"}, r"\bquay-college\b"),
        ({"measure": "learner"}, r"\blearners\b"),
        ({"series": "headlines"}, r"\bheadline\b"),
        ({"measure": "visits", "series": "headline"}, "by-day, by-door"),
        ({"service": "side"}, r"\bmain\b"),
    ],
)
def test_unknown_code_is_refused_with_the_nearest_codes(query, hint):
    with pytest.raises(UnknownCode, match=hint):
        parameters.build_filter(HARBOUR_CATALOGUE, None, **query)


def test_unclear_period_is_refused_with_the_possible_periods():
    with pytest.raises(UnclearPeriod, match="FY2026-27-Q1"):
        parameters.build_filter(HARBOUR_CATALOGUE, None, period="2026-Q1")


def test_unknown_area_is_refused_with_the_nearest():
    assert parameters.check_area(HARBOUR_CATALOGUE, None) is None
    assert parameters.check_area(HARBOUR_CATALOGUE, TOWN) == TOWN
    with pytest.raises(UnknownCode, match=TOWN):
        parameters.check_area(HARBOUR_CATALOGUE, "E06999990")


RETURN_NAMES = {
    "organisation": "quay-college",
    "measure": "learners",
    "series": "headline",
    "service": "main",
    "period": "2026-02",
}


def test_path_becomes_the_filter_of_one_return():
    assert parameters.build_single_return_filter(HARBOUR_CATALOGUE, None, **RETURN_NAMES) == ReturnFilter(
        readable_organisations=None, **RETURN_NAMES
    )
    assert (
        parameters.build_single_return_filter(
            HARBOUR_CATALOGUE, ["x"], **(RETURN_NAMES | {"service": "former-service"})
        ).service
        == "former-service"
    )


@pytest.mark.parametrize(
    "unknown",
    [{"organisation": "nobody"}, {"measure": "nothing"}, {"series": "by-door"}, {"service": "\0"}, {"service": "A b"}],
)
def test_path_of_an_unknown_return_is_not_found(unknown):
    with pytest.raises(NotFound):
        parameters.build_single_return_filter(HARBOUR_CATALOGUE, None, **(RETURN_NAMES | unknown))


@pytest.mark.parametrize(
    "cursor",
    [
        RETURN_CURSOR,
        CellCursor(RETURN_CURSOR, EAST, "sex=female"),
        CellCursor(RETURN_CURSOR, TOWN, ""),
        EventCursor(UUID(int=7)),
    ],
)
def test_cursor_survives_encoding_and_decoding(cursor):
    assert pagination.decode_cursor(pagination.encode_cursor(cursor), type(cursor)) == cursor
    assert pagination.decode_cursor(None, type(cursor)) is None


@pytest.mark.parametrize(
    "cursor", ["", "x", "W10", "eyJhIjoxfQ", "é", pagination.encode_cursor(RETURN_CURSOR), "WyJ4Il0"]
)
def test_malformed_cursor_is_refused(cursor):
    with pytest.raises(InvalidCursor, match=f"^'{cursor[:80]}'"):
        pagination.decode_cursor(cursor, EventCursor)


@pytest.mark.parametrize("text", ["\0", "A", "x" * 81])
def test_cursor_with_an_invalid_slug_is_refused(text):
    with pytest.raises(InvalidCursor, match="^'"):
        pagination.decode_cursor(pagination.encode_cursor(replace(RETURN_CURSOR, service=text)), ReturnCursor)


def test_cell_cursor_must_name_a_known_area_and_breakdown():
    cursor = CellCursor(RETURN_CURSOR, EAST, "sex=female")
    assert parameters.decode_cell_cursor(pagination.encode_cursor(cursor), HARBOUR_CATALOGUE) == cursor
    assert parameters.decode_cell_cursor(None, HARBOUR_CATALOGUE) is None
    for unknown in (replace(cursor, area="E05999990"), replace(cursor, breakdown="sex=f")):
        with pytest.raises(InvalidCursor):
            parameters.decode_cell_cursor(pagination.encode_cursor(unknown), HARBOUR_CATALOGUE)


def test_cell_cursor_has_the_key_of_the_last_cell():
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
    assert parameters.make_cell_cursor(last) == CellCursor(RETURN_CURSOR, EAST, "need=travel;sex=female")


def test_revision_numbers_must_be_in_order():
    assert parameters.check_revision_order(1, 2) == (1, 2)
    assert parameters.check_revision_order(2, 2) == (2, 2)
    with pytest.raises(InvalidParameter, match=r"\b3\b.*\b2\b"):
        parameters.check_revision_order(3, 2)


def test_range_has_the_instants_with_their_snapshots():
    assert (HistoryRange().until, HistoryRange().since) == (None, None)
    chosen = HistoryRange(as_of=NOW, as_of_snapshot="7:9:8", updated_after=NOW)
    assert chosen.until == PastInstant(NOW, "7:9:8")
    assert chosen.since == PastInstant(NOW, None)
