"""`make run`: the example is filled in the background, has something on every page, and the guides hold meanwhile."""

import re
import time
from html import unescape
from pathlib import Path

import httpx2
import msgspec
import pytest

from tests.fixtures.guide_examples import (
    issue_reader_keys,
    open_namespace,
    prepare_reader,
    run_guide,
    run_printed_commands,
    run_readme_example,
)
from tests.fixtures.server_process import EXAMPLE_PROGRAMME, SANDBOX_PROGRAMME, RunningServer, run_server

PAGES = f"/programmes/{EXAMPLE_PROGRAMME}"
PRINTED_PAGE = f"{PAGES}/logic-model"  # whose address is printed when the example is filled
CALLS = f"/v1/programmes/{EXAMPLE_PROGRAMME}"
BROWSER = {"Accept": "text/html"}
WAIT_SECONDS = 300
RETURN_OF_A_READER = {
    "measure": "neet-16-17",
    "series": "ccis-provisional",
    "period": "R3-2026-02",
    "observations": [{"area": "E06000018", "numerator": 371, "denominator": 7450}],
}
OPERATIONS = {
    operation["operationId"]: (method, path, {"parameters": []} | operation)
    for path, item in msgspec.yaml.decode(Path("openapi.yaml").read_bytes())["paths"].items()
    for method, operation in item.items()
}
REFUSED_AT_FIRST = {  # they need an id that another answer has, or a second person
    "revoke_key": "not-found",
    "get_submission": "not-found",
    "confirm_redaction": "two-people-required",
    "get_publication": "not-found",
    "cancel_publication": "not-found",
    "repeat_publication": "not-found",
}
TUTORIALS = ("first-submission", "first-figures", "first-release", "first-program", "first-spreadsheet")


@pytest.fixture(scope="module")
def server():
    with run_server("--examples") as running:
        post(running, "/submissions", {"returns": [RETURN_OF_A_READER]})
        deadline = time.monotonic() + WAIT_SECONDS
        while PRINTED_PAGE not in (shown := running.terminal.read_text()):
            assert time.monotonic() < deadline, shown
            time.sleep(1)
        yield running


def post(server: RunningServer, path: str, body: object) -> None:
    """Send a request in the example, with the printed key."""
    key = {"Authorization": f"Bearer {server.key}"}
    response = httpx2.post(f"{server.address}{CALLS}{path}", headers=key, json=body, timeout=WAIT_SECONDS)
    assert response.is_success, response.text


def list_states(server: RunningServer, field: str = "state") -> set[str]:
    """Return the states of the returns that a reviewer sees, or the values of another field."""
    key = {"Authorization": f"Bearer {server.key}"}
    returns = httpx2.get(f"{server.address}{CALLS}/returns?limit=200", headers=key, timeout=WAIT_SECONDS).json()[
        "items"
    ]
    return {one[field] for one in returns}


def test_returns_are_in_every_state(server):
    assert list_states(server) >= {"approved", "pending", "queried"}
    assert list_states(server, "kind") >= {"data", "withdrawn"}
    key = {"Authorization": f"Bearer {server.key}"}
    overdue = httpx2.get(
        f"{server.address}{CALLS}/obligations?state=overdue", headers=key, timeout=WAIT_SECONDS
    ).json()["items"]
    assert overdue


def test_quarters_since_2024_have_figures(server):
    call = f"{server.address}{CALLS}/outcomes?measure=health-to-employment-referrals&to=latest"
    figures = httpx2.get(call, timeout=WAIT_SECONDS).json()["items"]
    quarters = [one["period"]["code"] for one in figures if one["value"] is not None]
    assert quarters[0] == "FY2024-25-Q1"
    assert len(quarters) >= 8
    organisations = list_states(server, "organisation")
    assert len(organisations) >= 8


def test_every_measure_has_a_page_and_most_have_a_figure(server):
    with httpx2.Client(base_url=server.address, headers=BROWSER, timeout=WAIT_SECONDS) as browser:
        page = browser.get(PAGES)
        measures = sorted(set(re.findall(rf'href="({PAGES}/measures/[\w-]+)"', page.text)))
        assert len(measures) == 20
        pages = {address: browser.get(address) for address in measures}
        assert {address: one.status_code for address, one in pages.items()} == dict.fromkeys(measures, 200)
        assert "/map/ward.svg" in pages[f"{PAGES}/measures/work-health-conversations"].text
        for slug in ("jsna-research-published", "lived-experience-involvement"):
            assert 'class="entries"' in pages[f"{PAGES}/measures/{slug}"].text
        for slug in ("health-to-employment-referrals", "economic-inactivity-ill-health"):
            assert " the baseline (" in pages[f"{PAGES}/measures/{slug}"].text
        assert all('class="invented"' in one.text for one in [page, *pages.values()])
        assert len([one for one in pages.values() if 'class="figure none"' not in one.text]) >= 11


def test_links_to_data_on_the_page_of_a_measure_have_an_answer(server):
    with httpx2.Client(base_url=server.address, headers=BROWSER, timeout=WAIT_SECONDS) as browser:
        for measure in ("health-to-employment-referrals", "ltc-employment-gap", "lived-experience-involvement"):
            page = browser.get(f"{PAGES}/measures/{measure}")
            links = [unescape(link) for link in re.findall(r'href="(/v1/[^"]+)"', page.text)]
            assert links
            assert {link: browser.get(link).status_code for link in links} == dict.fromkeys(links, 200)


@pytest.mark.parametrize("path", ["outcomes.geojson", "preview/outcomes.geojson"])
def test_maps_have_the_invented_boundary_of_each_ward(server, path):
    call = f"{server.address}{CALLS}/{path}?measure=work-health-conversations&level=ward"
    key = {"Authorization": f"Bearer {server.key}"}
    features = httpx2.get(call, headers=key, timeout=WAIT_SECONDS).json()["features"]
    assert len({str(one["geometry"]) for one in features if one["geometry"]}) == 20


def test_terminal_shows_what_is_prepared_and_what_is_ready(server):
    """The requests that fill the example are not in the log, only that of the reader, and no library prints."""
    text = server.terminal.read_text()
    prepared, ready = text.index("being filled"), text.index(PRINTED_PAGE)
    assert text.index(server.key) < prepared < ready
    assert "HiGHS" not in text
    assert text[:ready].count("{programme}/submissions") == 1


def test_return_of_a_reader_is_left_to_reviewers(server):
    """Only what the filling process sent itself is approved."""
    key = {"Authorization": f"Bearer {server.key}"}
    query = f"measure={RETURN_OF_A_READER['measure']}&series={RETURN_OF_A_READER['series']}"
    call = f"{server.address}{CALLS}/returns?{query}"
    [sent] = httpx2.get(call, headers=key, timeout=WAIT_SECONDS).json()["items"]
    assert (sent["state"], sent["revision"]) == ("pending", 1)


@pytest.mark.parametrize("name", OPERATIONS)
def test_example_of_the_reference_has_an_answer(server, name):
    """The reference sends the examples of bodies and required parameters, and no others. That is enough.

    A later example works after the earlier ones, so that a reader can try them in the order of the reference.
    """
    method, path, operation = OPERATIONS[name]
    examples = {one["name"]: one["example"] for one in operation["parameters"] if one["required"]}
    query = {
        one["name"]: examples[one["name"]]
        for one in operation["parameters"]
        if one["in"] == "query" and one["required"]
    }
    headers = {"Authorization": f"Bearer {server.key}"} if operation["security"] else {}
    content = b""
    for media_type, body in operation.get("requestBody", {"content": {}})["content"].items():
        headers["Content-Type"], example = media_type, body["example"]
        content = example.encode() if isinstance(example, str) else msgspec.json.encode(example)
    response = httpx2.request(
        method,
        server.address + path.format_map(examples),
        params=query,
        headers=headers,
        content=content,
        timeout=WAIT_SECONDS,
    )
    if name in REFUSED_AT_FIRST:
        assert response.json()["type"] == f"/errors/{REFUSED_AT_FIRST[name]}"
    else:
        assert response.is_success, response.text


def test_guides_hold_on_the_server_of_make_run(server, tmp_path, monkeypatch):
    """The key opens two programmes, and every example of the reference was tried with it before."""
    assert '"value":140' in run_printed_commands(server)
    for example in ("example", "file"):
        assert "accepted" in run_readme_example(example, server)
    prepare_reader(tmp_path, server.variables | issue_reader_keys(server), monkeypatch)
    for name in (*TUTORIALS, "sdk"):
        with open_namespace() as names:
            run_guide(name, tmp_path, names)


def test_greeting_and_home_page_show_both_programmes(server):
    greeting = server.terminal.read_text()
    assert greeting.index("To look at") < greeting.index(PAGES) < greeting.index("To write into")
    assert server.variables["WORK_HEALTH_PROGRAMME"] == SANDBOX_PROGRAMME
    home = httpx2.get(server.address, headers=BROWSER, timeout=WAIT_SECONDS).text
    assert home.index(f'"{PAGES}"') < home.index(f'"/programmes/{SANDBOX_PROGRAMME}"')
    programmes = httpx2.get(f"{server.address}/v1/programmes", timeout=WAIT_SECONDS).json()["items"]
    assert {one["slug"]: one["sandbox"] for one in programmes}[EXAMPLE_PROGRAMME]
