"""`make run`: the sandbox is filled in the background, has something on every page, and the first steps work in it."""

import re
import time
from pathlib import Path

import httpx2
import msgspec
import pytest

from tests.fixtures.server_process import SANDBOX_PROGRAMME, RunningServer, run_server

PAGES = f"/programmes/{SANDBOX_PROGRAMME}"
CALLS = f"/v1/programmes/{SANDBOX_PROGRAMME}"
BROWSER = {"Accept": "text/html"}
WAIT_SECONDS = 300

PUBLIC_READS = {
    item["get"]["operationId"]: (path, item["get"] | {"parameters": item["get"].get("parameters", [])})
    for path, item in msgspec.yaml.decode(Path("openapi.yaml").read_bytes())["paths"].items()
    if "get" in item and not item["get"]["security"]
}


@pytest.fixture(scope="module")
def server():
    with run_server("--examples") as running:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            states = list_states(running)
            releases = httpx2.get(f"{running.address}{CALLS}/releases", timeout=WAIT_SECONDS).json()["items"]
            if len(releases) == 2 and "queried" in states:
                break
            assert time.monotonic() < deadline
            time.sleep(1)
        yield running


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


def test_every_measure_has_a_page_and_most_have_a_figure(server):
    with httpx2.Client(base_url=server.address, headers=BROWSER, timeout=WAIT_SECONDS) as browser:
        page = browser.get(PAGES)
        measures = sorted(set(re.findall(rf'href="({PAGES}/measures/[\w-]+)"', page.text)))
        assert len(measures) == 20
        pages = {address: browser.get(address) for address in measures}
        assert {address: one.status_code for address, one in pages.items()} == dict.fromkeys(measures, 200)
        assert "/map/ward.svg" in pages[f"{PAGES}/measures/work-health-conversations"].text
        assert 'class="entries"' in pages[f"{PAGES}/measures/jsna-research-published"].text
        assert len([one for one in pages.values() if 'class="figure none"' not in one.text]) >= 10


@pytest.mark.parametrize("name", PUBLIC_READS)
def test_example_of_the_reference_has_an_answer(server, name):
    """The reference sends the examples of required parameters, and no others. That is enough."""
    path, operation = PUBLIC_READS[name]
    examples = {one["name"]: one["example"] for one in operation["parameters"] if one["required"]}
    query = {
        one["name"]: examples[one["name"]]
        for one in operation["parameters"]
        if one["in"] == "query" and one["required"]
    }
    response = httpx2.get(server.address + path.format_map(examples), params=query, timeout=WAIT_SECONDS)
    has_boundaries = name != "list_outcomes_geojson"  # which an operator loads
    assert (response.status_code, response.json()["type"] if response.is_error else None) == (
        (200, None) if has_boundaries else (404, "/errors/no-boundaries")
    )


def test_printed_submission_and_those_of_the_readme_are_accepted(server):
    key = {"Authorization": f"Bearer {server.key}"}
    for period, total in (("FY2025-26-Q3", 140), ("FY2025-26-Q4", 151)):
        cells = [{"area": "E06000018", "value": total}]
        body = {"returns": [{"measure": "ips-primary-care-referrals", "period": period, "observations": cells}]}
        response = httpx2.post(f"{server.address}{CALLS}/submissions", headers=key, json=body, timeout=WAIT_SECONDS)
        assert (response.status_code, response.json()["outcome"]) == (201, "accepted")
