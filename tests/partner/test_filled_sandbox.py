"""`make run`: the sandbox is filled in the background, has something on every page, and the first steps work in it."""

import re
import time
from html import unescape
from pathlib import Path

import httpx2
import msgspec
import pytest

from tests.fixtures.server_process import SANDBOX_PROGRAMME, RunningServer, run_server

PAGES = f"/programmes/{SANDBOX_PROGRAMME}"
PRINTED_PAGE = f"{PAGES}/logic-model"  # whose address is printed when the sandbox is filled
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
        while PRINTED_PAGE not in (shown := running.terminal.read_text()):
            assert time.monotonic() < deadline, shown
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
    """The requests that fill the sandbox are not in the log, and no library prints."""
    text = server.terminal.read_text()
    prepared, ready = text.index("being filled"), text.index(PRINTED_PAGE)
    assert text.index(server.key) < prepared < ready
    assert "HiGHS" not in text
    assert "{programme}/submissions" not in text[:ready]


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
    assert response.status_code == 200, response.text


def test_printed_submission_and_those_of_the_readme_are_accepted(server):
    key = {"Authorization": f"Bearer {server.key}"}
    for period, total in (("FY2025-26-Q3", 140), ("FY2025-26-Q4", 151)):
        cells = [{"area": "E06000018", "value": total}]
        body = {"returns": [{"measure": "ips-primary-care-referrals", "period": period, "observations": cells}]}
        response = httpx2.post(f"{server.address}{CALLS}/submissions", headers=key, json=body, timeout=WAIT_SECONDS)
        assert (response.status_code, response.json()["outcome"]) == (201, "accepted")
