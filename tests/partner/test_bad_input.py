"""Any invalid request has a clear response, writes nothing, and never gives a 500."""

import gzip
import json
import re
from pathlib import Path

import httpx2
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.http.bodies import MAX_JSON_BYTES
from schema.partners import Scope

PROGRAMME = "work-and-health-2025-2028"
PATH = f"/v1/programmes/{PROGRAMME}/submissions"
JSON = {"Content-Type": "application/json"}
VALID = {
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


def change_cell(**cell: object) -> dict:
    body = json.loads(json.dumps(VALID))
    body["returns"][0]["observations"][0] |= cell
    return body


def change_return(**fields: object) -> dict:
    body = json.loads(json.dumps(VALID))
    body["returns"][0] |= fields
    return body


# fmt: off
#   fault                    body                                     status, type                text in the response
BODIES = {
    "nothing":                (b"",                                      400, "malformed",          "empty"),
    "not JSON":               (b"{returns: ",                            400, "malformed",          "not JSON"),
    "cut off":                (json.dumps(VALID).encode()[:-5],           400, "malformed",          "truncated"),
    "not UTF-8":              (b'{"note": "\xff"}',                      400, "malformed",          "not JSON"),
    "an array":               (b"[]",                                    422, "invalid-body",       "Expected `object`"),
    "a number as text":       (change_cell(value="12"),                      422, "invalid-body",       "/returns/0/observations/0/value"),
    "a fraction":             (change_cell(value=1.5),                       422, "invalid-body",       "/returns/0/observations/0/value"),
    "below zero":             (change_cell(value=-1),                        422, "invalid-body",       "/returns/0/observations/0/value"),
    "beyond every count":     (change_cell(value=2**60),                     422, "invalid-body",       "/returns/0/observations/0/value"),
    "an unknown field":       (change_cell(valu=3),                          422, "invalid-body",       "/returns/0/observations/0/valu"),
    "a missing field":        ({"returns": [{"measure": "x"}]},          422, "invalid-body",       "/returns/0/period"),
    "no returns":             ({"returns": []},                          422, "invalid-body",       "/returns"),
    "an unknown measure":     (change_return(measure="ips-primary-care-referal"), 422, "rejected",      "ips-primary-care-referrals"),
    "an unknown area":        (change_cell(area="E06000019"),                422, "rejected",           "unknown-area"),
    "an old ward":            (change_cell(area="E05001822"),                422, "rejected",           "unknown-area"),
    "an unknown category":    (change_cell(breakdown={"sex": "femal"}),      422, "rejected",           "female"),
    "an ambiguous period":    (change_return(period="2025-Q2"),              422, "rejected",           "unclear-period"),
    "a future period":        (change_return(period="FY2025-26-Q4"),         422, "rejected",           "period-not-over"),
    "a period before":        (change_return(period="FY2024-25-Q4"),         422, "rejected",           "period-outside-programme"),
    "a numerator too large":  (change_return(measure="neet-16-17", period="R3-2025-06", series="ccis-provisional",
                                observations=[{"area": "E06000018", "numerator": 11, "denominator": 10}]),
                                                                         422, "rejected",           "numerator-above-denominator"),
    "a cell twice":           (change_return(observations=[{"area": "E06000018", "value": 1}] * 2),
                                                                         422, "rejected",           "duplicate-cell"),
    "a NUL in a note":        (change_return(note="a\x00b"),                 422, "invalid-body",       "note"),
    "wrong, then not JSON":   (b'"FY2025"}',                            400, "malformed",          "not JSON"),
    "a milestone":            (change_return(measure="hub-recruitment-specialist-post"), 422, "rejected", "no-duty"),
    "a published statistic":  (change_return(measure="economic-inactivity-ill-health", period="R12-2025-06"), 422, "rejected", "not-submittable"),
    "another's return":       (VALID | {"organisation": "ohid"},          403, "not-allowed",        "nottingham-city-council"),
}
# fmt: on


@pytest.mark.parametrize("case", BODIES)
async def test_invalid_body_is_refused_with_its_cause(application, http, case):
    body, status, error_type, text = BODIES[case]
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = await http.post(PATH, content=content, headers=JSON)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (status, f"/errors/{error_type}")
    assert response.headers["content-type"] == "application/problem+json"
    assert text in response.text
    assert problem["request_id"] == response.headers["request-id"]
    assert await application.count_rows("submission") == 0


async def test_all_faults_of_a_body_are_listed_together(http):
    body = {"returns": [{"measure": 1, "period": "x", "observations": [{"area": "", "value": "a"}]}], "extra": 1}
    problem = (await http.post(PATH, json=body)).json()
    assert [error["path"] for error in problem["errors"]] == [
        "/returns/0/measure",
        "/returns/0/period",
        "/returns/0/observations/0/area",
        "/returns/0/observations/0/value",
        "/extra",
    ]


async def test_closed_period_is_refused(application):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT, days=1000))
    application.now = application.now.replace(year=2026, month=12)
    problem = (await http.post(PATH, json=VALID)).json()
    assert problem["errors"][0]["code"] == "period-closed"


async def test_body_over_the_limit_is_refused(http):
    response = await http.post(PATH, content=b" " * (MAX_JSON_BYTES + 1), headers=JSON)
    assert (response.status_code, response.json()["type"]) == (413, "/errors/body-too-large")


async def test_gzip_bomb_is_refused(http):
    bomb = gzip.compress(b" " * (MAX_JSON_BYTES * 4))
    assert len(bomb) < MAX_JSON_BYTES / 100
    response = await http.post(PATH, content=bomb, headers=JSON | {"Content-Encoding": "gzip"})
    assert (response.status_code, response.json()["type"]) == (413, "/errors/body-too-large")


async def test_gzipped_body_is_accepted(http):
    body = gzip.compress(json.dumps(VALID).encode())
    response = await http.post(PATH, content=body, headers=JSON | {"Content-Encoding": "gzip"})
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (JSON | {"Content-Encoding": "br"}, b"{}", 415),
        (JSON | {"Content-Encoding": "gzip"}, b"plain", 400),
        (JSON | {"Content-Encoding": "gzip"}, gzip.compress(json.dumps(VALID).encode())[:-9], 400),
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({}, b"{}", 415),
    ],
)
async def test_other_encodings_and_types_are_refused(http, headers, body, status):
    assert (await http.post(PATH, content=body, headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("path", "status", "text"),
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
async def test_invalid_paths_and_parameters_are_refused(http, path, status, text):
    response = await http.get(path)
    assert response.status_code == status
    assert text in response.text


async def test_unsupported_method_is_refused_with_those_that_are_allowed(http):
    response = await http.put("/v1/me/keys")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    assert response.json()["type"] == "/errors/method-not-allowed"
    assert "Allowed: GET, POST." in response.json()["detail"]


async def test_invalid_host_is_refused_with_a_code(http):
    response = await http.get("/openapi.json", headers={"Host": '"'})
    assert (response.status_code, response.json()["type"]) == (400, "/errors/invalid-request")


@pytest.mark.parametrize("path", ["/v1/me", "/v1/nowhere", f"/v1/programmes/{PROGRAMME}"])
async def test_every_response_has_an_id_of_the_server_next_to_that_of_the_sender(http, path):
    first, second = [await http.get(path, headers={"Client-Request-Id": "mine-12345"}) for _ in range(2)]
    assert first.headers["client-request-id"] == second.headers["client-request-id"] == "mine-12345"
    ids = [response.headers["request-id"] for response in (first, second)]
    assert len(set(ids)) == 2
    assert all(re.fullmatch("req_[0-9a-f]{20}", one) for one in ids)


@pytest.mark.parametrize("name", ["Request-Id", "Client-Request-Id"])
@pytest.mark.parametrize("value", ["req_0f8e2c61d5a94b7c3e11", "<script>", "short"])
async def test_no_sender_can_choose_an_id_of_the_server(http, name, value):
    headers = (await http.get("/v1/me", headers={name: value})).headers
    assert headers["request-id"] != value
    assert "client-request-id" not in headers


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
async def test_any_body_is_accepted_as_a_whole_or_refused(application, http, body):
    before = {table: await application.count_rows(table) for table in ("submission", "revision", "observation")}
    response = await http.post(PATH, json=body)
    assert response.status_code in (201, 400, 422)
    after = {table: await application.count_rows(table) for table in before}
    if response.status_code != 201:
        assert after == before
    else:
        assert after["submission"] == before["submission"] + 1


CONTRACT = msgspec.yaml.decode((Path(__file__).parents[2] / "openapi.yaml").read_bytes())


def list_enumerations() -> list[tuple[str, dict[str, str], str, list[str]]]:
    """Return each query parameter of a GET that is an enumeration: path, required parameters, name and values."""
    listed = []
    for path, item in CONTRACT["paths"].items():
        parameters = item.get("get", {}).get("parameters", [])
        required = {one["name"]: "x" for one in parameters if one["in"] == "query" and one.get("required")}
        for parameter in parameters:
            schema = parameter["schema"].get("items", parameter["schema"])
            options = schema.get("anyOf") or schema.get("oneOf") or [schema]
            references = [option.get("$ref", "").rpartition("/")[2] for option in options]
            values = [v for name in references if name for v in CONTRACT["components"]["schemas"][name].get("enum", [])]
            if parameter["in"] == "query" and values:
                listed.append((path, required, parameter["name"], values))
    return listed


@pytest.mark.parametrize(("path", "required", "name", "values"), list_enumerations())
async def test_unknown_value_of_an_enumeration_is_explained(application, path, required, name, values):
    """The finding names the parameter as the caller wrote it, and its fix lists what is allowed."""
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT, Scope.REVIEW, Scope.ADMIN)
    address = path.format_map({"programme": PROGRAMME, "measure": "ips-primary-care-referrals"})
    response = await application.http_client(key).get(address, params=required | {name: "no-such-value"})
    problem = response.json()
    if problem["type"] == "/errors/no-release":  # two operations read the release before anything else
        return
    finding = problem["errors"][0]
    assert (response.status_code, finding["path"]) == (422, name)
    assert all(value in finding["fix"] for value in values)
