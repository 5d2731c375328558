"""The reference, the guides and the pages of the codes are complete, and load nothing from another host."""

import gzip
import hashlib
import re
from collections.abc import AsyncGenerator
from html import escape, unescape
from urllib.parse import quote

import httpx2
import pytest
from litestar import Litestar

import api.app  # noqa: F401  it imports every refusal
from api.docs import codes, contract_pages, layout, pages, routes
from api.docs.guides import FILES, GROUPS, GUIDE_NAMES, SVG_NAMESPACE
from api.http.etags import ETagMiddleware
from api.http.problems import EXCEPTION_HANDLERS, error_code, error_title
from api.http.refusals import list_refusal_classes
from api.http.response_headers import add_response_headers
from api.plan.periods import UnclearPeriod
from api.submissions.checks.finding_codes import FINDING_EXPLANATIONS

GUIDES = [f"/guides/{name}" for name in GUIDE_NAMES]
PAGES = ["/docs", "/errors", "/errors/no-duty", "/guides", *GUIDES]
FIXES = [(error_code(refusal), refusal.fix) for refusal in list_refusal_classes()] + [
    (code, explanation.fix) for code, explanation in FINDING_EXPLANATIONS.items()
]


@pytest.fixture
async def client() -> AsyncGenerator[httpx2.AsyncClient]:
    app = add_response_headers(
        Litestar(
            [routes.router],
            middleware=[ETagMiddleware()],
            exception_handlers=EXCEPTION_HANDLERS,
            openapi_config=None,
            logging_config=None,
        ),
        (),
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://here") as client:
        yield client


def to_text(html: str) -> str:
    return unescape(re.sub(r"</?(code|a)\b[^>]*>", "", html))


def test_script_has_the_committed_checksum() -> None:
    checksums = dict(line.split()[::-1] for line in (layout.STATIC_FOLDER / "scalar.sha256").read_text().splitlines())
    gzipped = (layout.STATIC_FOLDER / "scalar.js.gz").read_bytes()
    assert checksums == {
        "scalar.js": hashlib.sha256(gzip.decompress(gzipped)).hexdigest(),
        "scalar.js.gz": hashlib.sha256(gzipped).hexdigest(),
    }


@pytest.mark.parametrize("path", PAGES)
async def test_page_names_no_other_host(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    for text in (response.text, response.headers["content-security-policy"]):
        # The server's own address, and those in examples of the operator.
        for address in ("http://here", "postgresql://", "http://collector.example.org"):
            text = text.replace(address, "")  # noqa: PLW2901
        assert "//" not in text
    for address in re.findall(r'(?:src|href)="([^"]*)"', response.text):
        assert address == "data:," or address.startswith(("/", "#"))


async def test_code_of_guides_is_coloured_and_output_is_not(client):
    page = (await client.get("/guides/submitting")).text
    assert '<code class="language-python"><span class="kn">from</span>' in page
    assert '<code class="language-text">&quot;outcome&quot;:&quot;unchanged&quot;' in page


async def test_examples_of_guides_and_document_have_the_address_of_the_server(client):
    for path in ("/guides/first-program", "/guides/sdk", "/guides/first-figures", "/openapi.json"):
        page = unescape((await client.get(path)).text)
        assert "@ http://here/sdk/work_health.tar.gz" in page, path
        assert layout.DOCUMENTED_ADDRESS not in page, path


@pytest.mark.parametrize("path", ["/guides/sdk", "/openapi.json"])
async def test_host_with_markup_is_refused(client, path):
    response = await client.get(path, headers={"Host": 'a"><b>'})
    assert response.status_code == 400
    assert "<b>" not in response.text


@pytest.mark.parametrize("path", [*GUIDES, "/guides", "/errors"])
async def test_every_link_of_a_page_works(client: httpx2.AsyncClient, path: str) -> None:
    for address in set(re.findall(r'href="([/#][^"]*)"', (await client.get(path)).text)):
        if address == "/":  # the first page, which lists the plans of a database
            continue
        page, _, part = address.partition("#")
        response = await client.get(page or path)
        assert response.status_code == 200, address
        assert not part or f'id="{part}"' in response.text, address


async def test_every_link_of_the_introduction_works(client: httpx2.AsyncClient) -> None:
    description = (await client.get("/openapi.json")).json()["info"]["description"]
    addresses = set(re.findall(r"\]\((/[^)]*)\)", description))
    assert {"/", "/guides", "/errors", "/guides/first-program"} <= addresses
    for address in addresses - {"/"}:
        page, _, part = address.partition("#")
        response = await client.get(page)
        assert response.status_code == 200, address
        assert not part or f'id="{part}"' in response.text, address


async def test_every_guide_is_served_in_full(client: httpx2.AsyncClient) -> None:
    index = unescape((await client.get("/guides")).text)
    for name in GUIDE_NAMES:
        page = await client.get(f"/guides/{name}")
        markdown = FILES[name].read_text()
        assert markdown.splitlines()[0].removeprefix("# ") in index
        assert page.text.count("<h2 ") == len(re.findall(r"^## ", markdown, re.MULTILINE))
        assert page.text.count("<pre ") == markdown.count("```") / 2
        assert "<img" not in page.text
        assert "style=" not in page.text


async def test_contents_follow_the_title_and_do_not_repeat_its_numbers(client):
    page = (await client.get("/guides/first-submission")).text
    assert page.count("<h1") == 1
    contents = page.partition('<nav class="contents"')[2].partition("</nav>")[0]
    assert page.index("<h1") < page.index('<nav class="contents"') < page.index("<h2")
    assert ">1. Find out what you owe<" in contents
    assert "<ol" not in contents


async def test_guides_lead_to_those_before_and_after_in_their_group(client):
    for group in GROUPS:
        names = [file.stem for file in group.files]
        for place, name in enumerate(names):
            links = (
                (await client.get(f"/guides/{name}")).text.partition('<nav class="around"')[2].partition("</nav>")[0]
            )
            addresses = re.findall('href="([^"]+)"', links)
            around = [*names[max(place - 1, 0) : place], *names[place + 1 : place + 2]]
            assert addresses.count("/guides") == 1
            assert {*addresses} == {"/guides", *(f"/guides/{one}" for one in around)}


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("dry run", "/guides/first-submission#4-check-it-with-a-dry-run"),
        ("ROUNDED number", "/errors/wrong-rounding"),
        ("no-duty", "/errors/no-duty"),
        ("backing", "/guides/backing-up"),
    ],
)
async def test_search_finds_guides_headings_and_codes(client, words, address):
    page = (await client.get("/guides", params={"q": words})).text
    assert f'<a href="{address}">' in page
    assert f'value="{words}"' in page


async def test_search_without_a_match_shows_so_and_escapes_the_words(client):
    page = (await client.get("/guides", params={"q": '<b>"zzzz'})).text
    assert "0 found" in page
    assert "<b>" not in page


@pytest.mark.parametrize("path", ["/guides/sdk", "/errors/no-duty"])
async def test_copy_script_is_the_only_script_and_no_page_needs_it(client, path):
    response = await client.get(path)
    assert re.findall("<script[^>]*>", response.text) == ['<script src="/docs/copy.js" defer>']
    assert "script-src 'self';" in response.headers["content-security-policy"]
    assert "<button" not in response.text
    script = await client.get("/docs/copy.js")
    assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")


async def test_picture_of_the_states_is_part_of_the_page(client: httpx2.AsyncClient) -> None:
    picture = FILES["review-states"].with_suffix(".svg").read_text().strip()
    assert picture.replace(SVG_NAMESPACE, "") in (await client.get("/guides/reviewing")).text


async def test_unknown_guide_is_refused_with_a_suggestion(client: httpx2.AsyncClient) -> None:
    response = await client.get("/guides/submiting")
    assert (response.status_code, response.json()["type"]) == (404, "/errors/not-found")
    assert "submitting" in response.json()["detail"]


@pytest.mark.parametrize("path", PAGES)
async def test_policy_allows_the_inline_content_of_the_page(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(path)
    inline = re.findall(r"<(?:script|style)>(.*?)</", response.text, re.DOTALL)
    assert len(inline) == 1
    assert layout.hash_for_policy(inline[0]) in response.headers["content-security-policy"]


def test_page_does_not_store_keys():
    assert pages.SCALAR_OPTIONS["persistAuth"] is False


async def test_page_requests_the_script_by_its_checksum(client: httpx2.AsyncClient) -> None:
    addresses = re.findall(r'<script src="([^"]+)"', (await client.get("/docs")).text)
    assert len(addresses) == 1
    response = await client.get(addresses[0])
    assert response.status_code == 200
    assert addresses[0].endswith("?v=" + hashlib.sha256(response.content).hexdigest()[:12])


async def test_script_is_the_same_with_and_without_gzip(client: httpx2.AsyncClient) -> None:
    gzipped = await client.get("/docs/scalar.js", headers={"Accept-Encoding": "br, gzip"})
    plain = [
        await client.get("/docs/scalar.js", headers={"Accept-Encoding": encoding})
        for encoding in ("identity", "br", "gzip;q=0")
    ]
    assert gzipped.headers["content-encoding"] == "gzip"
    assert int(gzipped.headers["content-length"]) < 1_500_000
    for response in plain:
        assert "content-encoding" not in response.headers
        assert response.content == gzipped.content
        assert response.headers["etag"] != gzipped.headers["etag"]
    for response in (gzipped, *plain):
        assert response.headers["content-type"] == "text/javascript; charset=utf-8"
        assert response.headers["vary"] == "Accept-Encoding"


async def test_script_is_decompressed_once(client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bytes] = []
    decompress = gzip.decompress
    monkeypatch.setattr(gzip, "decompress", lambda content: calls.append(content) or decompress(content))
    for _ in range(3):
        assert (await client.get("/docs/scalar.js", headers={"Accept-Encoding": "identity"})).status_code == 200
    assert len(calls) <= 1


async def test_unchanged_script_is_not_sent_again(client: httpx2.AsyncClient) -> None:
    first = await client.get("/docs/scalar.js")
    again = await client.get("/docs/scalar.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    changed = await client.get("/docs/scalar.js", headers={"If-None-Match": '"another"'})
    assert changed.status_code == 200


@pytest.mark.parametrize(("code", "fix"), FIXES)
async def test_every_code_has_a_page_with_its_fix(client: httpx2.AsyncClient, code: str, fix: str) -> None:
    response = await client.get(f"/errors/{code}")
    assert response.status_code == 200
    assert fix.replace("`", "") in to_text(response.text)
    assert f'href="/errors/{code}"' in (await client.get("/errors")).text


@pytest.mark.parametrize("code", FINDING_EXPLANATIONS)
async def test_every_finding_has_its_examples_with_answer_and_correction(client: httpx2.AsyncClient, code: str) -> None:
    page = to_text((await client.get(f"/errors/{code}")).text)
    [meaning] = codes.list_findings()[code]
    sentences = [part for part in meaning.example.split("\n\n") if part.endswith(".")]
    assert meaning.examples or sentences
    for part in sentences:
        assert part.replace("`", "") in page
    for example in meaning.examples:
        for text in (f"As {example.format}", example.wrong, example.answer, example.corrected):
            assert text in page


@pytest.mark.parametrize("code", sorted({error_code(refusal) for refusal in list_refusal_classes()}))
async def test_page_of_a_refusal_has_an_answer_and_links_its_operations(client: httpx2.AsyncClient, code: str) -> None:
    places = contract_pages.list_places(code, is_finding=False)
    page = unescape((await client.get(f"/errors/{code}")).text)
    assert (f'"type": "/errors/{code}"' in page) == bool(places)
    for place in places:
        assert f'<a href="{place.address}">{place.title}</a>' in page


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("GET /v1/programmes/{programme}/measures", "/docs#tag/plan/GET/v1/programmes/{programme}/measures"),
        ("GET …/obligations", "/docs#tag/reviews/GET/v1/programmes/{programme}/obligations"),
        ("…/outcomes/availability", "/docs#tag/outcomes/GET/v1/programmes/{programme}/outcomes/availability"),
        ("/docs", "/docs"),
        ("GET …/nowhere", None),
        ("rounded_to", None),
    ],
)
def test_code_that_names_an_operation_leads_to_it(text: str, address: str | None) -> None:
    assert contract_pages.find_address(text) == address


async def test_code_with_two_meanings_explains_both(client: httpx2.AsyncClient) -> None:
    page = to_text((await client.get("/errors/unclear-period")).text)
    assert "HTTP 422" in page
    assert page.count(FINDING_EXPLANATIONS["unclear-period"].meaning) == 1
    assert page.count(f"<h2>{error_title(UnclearPeriod)}</h2>") == 1


async def test_page_of_a_warning_says_that_it_is_a_warning(client: httpx2.AsyncClient) -> None:
    warning, error = [to_text((await client.get(f"/errors/{code}")).text) for code in ("categories-missing", "no-duty")]
    assert (warning.count("Warning"), error.count("Warning")) == (1, 0)


@pytest.mark.parametrize(("code", "hint"), [("no-dutty", "no-duty"), ("zzzz", "`/errors`")])
async def test_unknown_code_is_refused_with_a_suggestion(client: httpx2.AsyncClient, code: str, hint: str) -> None:
    response = await client.get(f"/errors/{code}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "/errors/not-found"
    assert hint in response.json()["detail"]


async def test_content_of_a_page_is_escaped(client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = '<b>&"'
    findings = {
        hostile: [codes.CodeMeaning(hostile, hostile, hostile, hostile, FINDING_EXPLANATIONS["no-duty"].severity)]
    }
    monkeypatch.setattr(codes, "list_findings", lambda: findings)
    for path in ("/errors", f"/errors/{quote(hostile)}"):
        response = await client.get(path)
        assert response.status_code == 200
        assert escape(hostile) in response.text
        assert "<b>" not in response.text
