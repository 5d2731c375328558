"""The reference and the pages of the codes: complete, whole, and loaded from nowhere else."""

import gzip
import hashlib
import re
from collections.abc import AsyncGenerator, Iterator
from html import escape, unescape
from urllib.parse import quote

import httpx2
import pytest
from litestar import Litestar

import api.app  # noqa: F401  so that every refusal is known
from api.docs import routes
from api.docs.guides import FILES, GUIDE_NAMES, SVG_NAMESPACE
from api.http.etags import ETagMiddleware
from api.http.problems import EXCEPTION_HANDLERS, error_code, error_title
from api.http.refusals import Refusal
from api.plan.periods import UnclearPeriod
from api.submissions.checks.findings import FINDING_EXPLANATIONS


def kinds(refusal: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for kind in refusal.__subclasses__():
        yield kind
        yield from kinds(kind)


GUIDES = [f"/guides/{name}" for name in GUIDE_NAMES]
PAGES = ["/docs", "/errors", "/errors/no-duty", "/guides", *GUIDES]
MENDS = [(error_code(kind), kind.fix) for kind in kinds()] + [
    (code, found.fix) for code, found in FINDING_EXPLANATIONS.items()
]


@pytest.fixture
async def client() -> AsyncGenerator[httpx2.AsyncClient]:
    app = Litestar(
        [routes.router],
        middleware=[ETagMiddleware()],
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=None,
        logging_config=None,
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://here") as client:
        yield client


def text_of(html: str) -> str:
    return unescape(re.sub(r"</?code[^>]*>", "", html))


async def test_the_root_leads_to_the_reference(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/docs")


def test_the_script_is_the_one_whose_checksum_is_committed() -> None:
    committed = dict(line.split()[::-1] for line in (routes.STATIC_FOLDER / "scalar.sha256").read_text().splitlines())
    zipped = (routes.STATIC_FOLDER / "scalar.js.gz").read_bytes()
    assert committed == {
        "scalar.js": hashlib.sha256(gzip.decompress(zipped)).hexdigest(),
        "scalar.js.gz": hashlib.sha256(zipped).hexdigest(),
    }


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_names_no_other_host(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for said in (answer.text, answer.headers["content-security-policy"]):
        assert "//" not in said.replace("<!doctype html>", "")
    for address in re.findall(r'(?:src|href)="([^"]*)"', answer.text):
        assert address == "data:," or address.startswith(("/", "#"))


@pytest.mark.parametrize("path", [*GUIDES, "/guides", "/errors"])
async def test_every_link_of_a_page_leads_somewhere(client: httpx2.AsyncClient, path: str) -> None:
    for address in set(re.findall(r'href="([/#][^"]*)"', (await client.get(path)).text)):
        page, _, part = address.partition("#")
        answer = await client.get(page or path)
        assert answer.status_code == 200, address
        assert not part or f'id="{part}"' in answer.text, address


async def test_every_guide_is_served_whole(client: httpx2.AsyncClient) -> None:
    listed = (await client.get("/guides")).text
    for name in GUIDE_NAMES:
        page = await client.get(f"/guides/{name}")
        written = FILES[name].read_text()
        assert escape(written.splitlines()[0].removeprefix("# ")) in listed
        assert page.text.count("<h2 ") == len(re.findall(r"^## ", written, re.MULTILINE))
        assert page.text.count("<pre>") == written.count("```") / 2
        assert "<img" not in page.text
        assert "style=" not in page.text


async def test_the_states_are_drawn_in_the_page(client: httpx2.AsyncClient) -> None:
    drawn = FILES["review-states"].with_suffix(".svg").read_text().strip()
    assert drawn.replace(SVG_NAMESPACE, "") in (await client.get("/guides/reviewing")).text


async def test_an_unknown_guide_is_refused_with_a_hint(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/guides/submiting")
    assert (answer.status_code, answer.json()["type"]) == (404, "/errors/not-found")
    assert "submitting" in answer.json()["detail"]


@pytest.mark.parametrize("path", PAGES)
async def test_the_policy_lets_through_what_the_page_has_inline(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    inline = re.findall(r"<(?:script|style)>(.*?)</", answer.text, re.DOTALL)
    assert len(inline) == 1
    assert routes.hash_for_policy(inline[0]) in answer.headers["content-security-policy"]


async def test_the_page_asks_for_the_script_by_its_checksum(client: httpx2.AsyncClient) -> None:
    asked = re.findall(r'<script src="([^"]+)"', (await client.get("/docs")).text)
    assert len(asked) == 1
    answer = await client.get(asked[0])
    assert answer.status_code == 200
    assert asked[0].endswith("?v=" + hashlib.sha256(answer.content).hexdigest()[:12])


async def test_a_client_gets_the_same_script_with_and_without_gzip(client: httpx2.AsyncClient) -> None:
    zipped = await client.get("/docs/scalar.js", headers={"Accept-Encoding": "br, gzip"})
    plain = [
        await client.get("/docs/scalar.js", headers={"Accept-Encoding": encoding})
        for encoding in ("identity", "br", "gzip;q=0")
    ]
    assert zipped.headers["content-encoding"] == "gzip"
    assert int(zipped.headers["content-length"]) < 1_500_000
    for answer in plain:
        assert "content-encoding" not in answer.headers
        assert answer.content == zipped.content
        assert answer.headers["etag"] != zipped.headers["etag"]
    for answer in (zipped, *plain):
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["vary"] == "Accept-Encoding"


async def test_a_script_that_the_client_has_is_not_sent_again(client: httpx2.AsyncClient) -> None:
    first = await client.get("/docs/scalar.js")
    again = await client.get("/docs/scalar.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    changed = await client.get("/docs/scalar.js", headers={"If-None-Match": '"another"'})
    assert changed.status_code == 200


@pytest.mark.parametrize(("code", "mend"), MENDS)
async def test_every_code_has_a_page_with_its_mend(client: httpx2.AsyncClient, code: str, mend: str) -> None:
    answer = await client.get(f"/errors/{code}")
    assert answer.status_code == 200
    assert mend.replace("`", "") in text_of(answer.text)
    assert f'href="/errors/{code}"' in (await client.get("/errors")).text


@pytest.mark.parametrize("code", FINDING_EXPLANATIONS)
async def test_every_finding_has_its_example(client: httpx2.AsyncClient, code: str) -> None:
    page = unescape((await client.get(f"/errors/{code}")).text)
    for part in FINDING_EXPLANATIONS[code].example.split("\n\n"):
        assert re.sub("`([^`]+)`", r"<code>\1</code>", part) in page


async def test_a_code_of_two_kinds_is_explained_as_both(client: httpx2.AsyncClient) -> None:
    page = text_of((await client.get("/errors/unclear-period")).text)
    assert "HTTP 422" in page
    assert page.count(FINDING_EXPLANATIONS["unclear-period"].meaning) == 1
    assert page.count(error_title(UnclearPeriod)) == 1


async def test_a_finding_that_only_warns_says_so(client: httpx2.AsyncClient) -> None:
    warns, stops = [text_of((await client.get(f"/errors/{code}")).text) for code in ("categories-missing", "no-duty")]
    assert (warns.count("Warning"), stops.count("Warning")) == (1, 0)


@pytest.mark.parametrize(("code", "hint"), [("no-dutty", "no-duty"), ("zzzz", "`/errors`")])
async def test_an_unknown_code_is_refused_with_a_hint(client: httpx2.AsyncClient, code: str, hint: str) -> None:
    answer = await client.get(f"/errors/{code}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/errors/not-found"
    assert hint in answer.json()["detail"]


async def test_what_a_page_shows_is_escaped(client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    spiteful = '<b>&"'
    found = {
        spiteful: [routes.CodeMeaning(spiteful, spiteful, spiteful, spiteful, FINDING_EXPLANATIONS["no-duty"].severity)]
    }
    monkeypatch.setattr(routes, "list_findings", lambda: found)
    for path in ("/errors", f"/errors/{quote(spiteful)}"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert escape(spiteful) in answer.text
        assert "<b>" not in answer.text
