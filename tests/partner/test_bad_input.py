"""Whatever is sent: a clear answer, nothing written, and never a 500."""

import gzip
import json

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.http.bodies import MAX_JSON_BYTES
from schema.partners import Scope

PROGRAMME = "work-and-health-2025-2028"
PATH = f"/v1/programmes/{PROGRAMME}/submissions"
JSON = {"Content-Type": "application/json"}
GOOD = {
    "returns": [
        {
            "measure": "ips-primary-care-referrals",
            "period": "FY2025-26-Q2",
            "observations": [{"area": "E06000018", "value": 12}],
        }
    ]
}


@pytest.fixture
async def http(application) -> httpx2.AsyncClient:
    return application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))


def changed(**cell: object) -> dict:
    good = json.loads(json.dumps(GOOD))
    good["returns"][0]["observations"][0] |= cell
    return good


def in_return(**fields: object) -> dict:
    good = json.loads(json.dumps(GOOD))
    good["returns"][0] |= fields
    return good


# fmt: off
#   what is wrong             body                                    status  type                what it names
BODIES = {
    "nothing":                (b"",                                      400, "malformed",          "empty"),
    "not JSON":               (b"{returns: ",                            400, "malformed",          "not JSON"),
    "cut off":                (json.dumps(GOOD).encode()[:-5],           400, "malformed",          "truncated"),
    "not UTF-8":              (b'{"note": "\xff"}',                      400, "malformed",          "not JSON"),
    "an array":               (b"[]",                                    422, "invalid-body",       "Expected `object`"),
    "a number as text":       (changed(value="12"),                      422, "invalid-body",       "/returns/0/observations/0/value"),
    "a fraction":             (changed(value=1.5),                       422, "invalid-body",       "/returns/0/observations/0/value"),
    "below zero":             (changed(value=-1),                        422, "invalid-body",       "/returns/0/observations/0/value"),
    "beyond every count":     (changed(value=2**60),                     422, "invalid-body",       "/returns/0/observations/0/value"),
    "an unknown field":       (changed(valu=3),                          422, "invalid-body",       "/returns/0/observations/0/valu"),
    "a missing field":        ({"returns": [{"measure": "x"}]},          422, "invalid-body",       "/returns/0/period"),
    "no returns":             ({"returns": []},                          422, "invalid-body",       "/returns"),
    "an unknown measure":     (in_return(measure="ips-primary-care-referal"), 422, "rejected",      "ips-primary-care-referrals"),
    "an unknown area":        (changed(area="E06000019"),                422, "rejected",           "or E06000018"),
    "an old ward":            (changed(area="E05001822"),                422, "rejected",           "unknown-area"),
    "an unknown category":    (changed(breakdown={"sex": "femal"}),      422, "rejected",           "female"),
    "an ambiguous period":    (in_return(period="2025-Q2"),              422, "rejected",           "FY2025-26-Q2 or CY2025-Q2"),
    "a period to come":       (in_return(period="FY2025-26-Q4"),         422, "rejected",           "period-not-over"),
    "a period before":        (in_return(period="FY2024-25-Q4"),         422, "rejected",           "period-outside-programme"),
    "a numerator too large":  (in_return(measure="neet-16-17", period="R3-2025-06", series="ccis-provisional",
                                observations=[{"area": "E06000018", "numerator": 11, "denominator": 10}]),
                                                                         422, "rejected",           "numerator-above-denominator"),
    "a cell twice":           (in_return(observations=[{"area": "E06000018", "value": 1}] * 2),
                                                                         422, "rejected",           "duplicate-cell"),
    "a NUL in a note":        (in_return(note="a\x00b"),                 422, "invalid-body",       "note"),
    "wrong, then not JSON":   (b'"FY2025"}',                            400, "malformed",          "not JSON"),
    "a milestone":            (in_return(measure="hub-recruitment-specialist-post"), 422, "rejected", "no-duty"),
    "a published statistic":  (in_return(measure="economic-inactivity-ill-health", period="R12-2025-06"), 422, "rejected", "not-submittable"),
    "another's return":       (GOOD | {"organisation": "ohid"},          403, "not-allowed",        "nottingham-city-council"),
}
# fmt: on


@pytest.mark.parametrize("case", BODIES)
async def test_a_bad_body_has_its_clear_answer(application, http, case):
    body, status, kind, names = BODIES[case]
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await http.post(PATH, content=content, headers=JSON)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"/errors/{kind}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert names in answer.text
    assert problem["request_id"] == answer.headers["request-id"]
    assert await application.count_rows("submission") == 0


async def test_every_fault_of_a_body_is_told_at_once(http):
    body = {"returns": [{"measure": 1, "period": "x", "observations": [{"area": "?", "value": "a"}]}], "extra": 1}
    problem = (await http.post(PATH, json=body)).json()
    assert [error["path"] for error in problem["errors"]] == [
        "/returns/0/measure",
        "/returns/0/period",
        "/returns/0/observations/0/area",
        "/returns/0/observations/0/value",
        "/extra",
    ]


async def test_a_closed_period_is_refused(application):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT, days=1000))
    application.now = application.now.replace(year=2026, month=12)
    problem = (await http.post(PATH, json=GOOD)).json()
    assert problem["errors"][0]["code"] == "period-closed"


async def test_a_body_over_the_limit_is_refused(http):
    answer = await http.post(PATH, content=b" " * (MAX_JSON_BYTES + 1), headers=JSON)
    assert (answer.status_code, answer.json()["type"]) == (413, "/errors/body-too-large")


async def test_a_bomb_does_not_unfold(http):
    bomb = gzip.compress(b" " * (MAX_JSON_BYTES * 4))
    assert len(bomb) < MAX_JSON_BYTES / 100
    answer = await http.post(PATH, content=bomb, headers=JSON | {"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["type"]) == (413, "/errors/body-too-large")


async def test_a_gzipped_body_is_taken(http):
    body = gzip.compress(json.dumps(GOOD).encode())
    answer = await http.post(PATH, content=body, headers=JSON | {"Content-Encoding": "gzip"})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (JSON | {"Content-Encoding": "br"}, b"{}", 415),
        (JSON | {"Content-Encoding": "gzip"}, b"plain", 400),
        (JSON | {"Content-Encoding": "gzip"}, gzip.compress(json.dumps(GOOD).encode())[:-9], 400),
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({}, b"{}", 415),
    ],
)
async def test_other_encodings_and_types_are_refused(http, headers, body, status):
    assert (await http.post(PATH, content=body, headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("path", "status", "names"),
    [
        ("/v1/nowhere", 404, "/docs"),
        ("/v1/periods/2025", 422, "CY2025"),
        (f"/v1/programmes/{PROGRAMME}/measures?them=theme-1", 422, "theme?"),
        (f"/v1/programmes/{PROGRAMME}/measures?kind=flo", 422, "kind"),
        (f"/v1/programmes/{PROGRAMME}/returns?limit=0", 422, "limit"),
        (f"/v1/programmes/{PROGRAMME}/returns?limit=x", 422, "limit"),
        (f"/v1/programmes/{PROGRAMME}/areas?within=E0", 422, "area"),
    ],
)
async def test_bad_paths_and_parameters(http, path, status, names):
    answer = await http.get(path)
    assert answer.status_code == status
    assert names in answer.text


async def test_a_method_that_is_not_there(http):
    assert (await http.put(f"/v1/programmes/{PROGRAMME}/returns")).status_code == 405


async def test_a_request_keeps_the_name_that_its_sender_gave_it(http):
    assert (await http.get("/v1/me", headers={"Request-Id": "mine-12345"})).headers["request-id"] == "mine-12345"
    assert (await http.get("/v1/me", headers={"Request-Id": "<script>"})).headers["request-id"].startswith("req_")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
CELL = st.fixed_dictionaries(
    {"area": st.sampled_from(["E06000018", "E05012270", "E06000018-unknown", "E12000004", "E06000019"])},
    optional={
        "value": st.integers(0, 2**53 - 1),
        "numerator": st.integers(0, 20),
        "denominator": st.integers(0, 20),
        "lower": st.integers(0, 9),
        "upper": st.integers(0, 9),
        "status": st.sampled_from(list("cxzw")),
        "note": st.text(max_size=5),
        "breakdown": st.dictionaries(
            st.sampled_from(["sex", "age-band", "nonsense"]),
            st.sampled_from(["female", "25-34", "unknown", "nonsense"]),
            max_size=2,
        ),
    },
)
SUBMISSIONS = st.fixed_dictionaries(
    {
        "returns": st.lists(
            st.fixed_dictionaries(
                {
                    "measure": st.sampled_from(["ips-primary-care-referrals", "neet-16-17", "jsna-research-published"]),
                    "period": st.sampled_from(["FY2025-26-Q2", "FY2025-26-Q1", "R3-2025-06", "2025", "FY2025-26"]),
                    "observations": st.lists(CELL, max_size=6),
                },
                optional={"kind": st.sampled_from(["data", "nil"]), "series": st.just("ccis-provisional")},
            ),
            min_size=1,
            max_size=3,
        ),
        "confirm_withdrawals": st.booleans(),
    }
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=st.one_of(SUBMISSIONS, ANYTHING))
async def test_whatever_is_sent_is_taken_whole_or_refused_and_never_a_fault(application, http, body):
    before = {table: await application.count_rows(table) for table in ("submission", "revision", "observation")}
    answer = await http.post(PATH, json=body)
    assert answer.status_code in (201, 400, 422)
    after = {table: await application.count_rows(table) for table in before}
    if answer.status_code != 201:
        assert after == before
    else:
        assert after["submission"] == before["submission"] + 1
