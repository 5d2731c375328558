"""The documents of the project: every page is in the index, every link resolves, and every promise holds."""

import re
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import msgspec
import pytest
import typer

import api.app  # noqa: F401  so that every refusal is known
from api.docs.codes import list_findings, list_refusals
from api.docs.guides import FILES, GROUPS, GUIDES_FOLDER, load_guides
from api.settings import Settings
from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE, DisclosureClass, Rule
from schema.logic_model import Basis, LogicModelColumn
from schema.measures import MeasureKind
from schema.partners import Scope
from schema.periods import PeriodType
from schema.submission_reports import Timeliness
from schema.submissions import Marker, ReturnKind, Status
from work_health.cli.app import app

ROOT = GUIDES_FOLDER.parent
PAGES = sorted(GUIDES_FOLDER.rglob("*.md"))
OUTSIDE = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "TESTING.md", "CHANGELOG.md", "sdk/README.md")]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FAILED_SCOPES = {"exposed", "contradiction", "geography-changed", "scope-changed"}
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def text_of(page: Path) -> str:
    """Return the page without its examples."""
    return FENCE.sub("", page.read_text())


def anchors_of(page: Path) -> set[str]:
    """Return the names that GitHub and the server give to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_in_the_index():
    listed = [file for group in GROUPS for file in group.files]
    assert len(listed) == len(set(listed)) == len(FILES)
    assert set(PAGES) == {*listed, GUIDES_FOLDER / "README.md"}


def test_index_calls_every_page_by_its_title():
    index = (GUIDES_FOLDER / "README.md").read_text()
    for file in FILES.values():
        title = file.read_text().splitlines()[0].removeprefix("# ")
        assert f"- [{title}]({file.relative_to(GUIDES_FOLDER)})" in index


def test_first_paragraph_of_every_page_is_a_short_summary_without_a_link():
    for guide in load_guides().values():
        assert "](" not in guide.summary, guide.name
        assert len(guide.summary) <= 240, guide.name


@pytest.mark.parametrize("page", [*PAGES, *OUTSIDE], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_resolves(page: Path):
    for link in LINK.findall(text_of(page)):
        if "://" in link or link.startswith("/"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


@pytest.mark.parametrize("page", sorted((GUIDES_FOLDER / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_every_decision_has_its_context_decision_and_consequences(page: Path):
    text = page.read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert re.search(r"^Status: (accepted|superseded)", text, re.MULTILINE)


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(page.stem[:4]) for page in sorted((GUIDES_FOLDER / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("page", [*PAGES, *OUTSIDE], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_of_the_code_exists(page: Path):
    for path in re.findall(r"`((?:api|schema|sdk|tests|tools|benchmarks|migrations|docs)/[\w./-]*)`", text_of(page)):
        assert (ROOT / path).exists() or path == "benchmarks/RESULTS.md", path


def test_every_document_that_the_code_cites_exists():
    for folder in ("api", "schema", "sdk", "tests", "tools", "benchmarks", "migrations"):
        for file in (ROOT / folder).rglob("*.py"):
            for cited in re.findall(r"[\w/-]+/[\w-]+\.md\b", file.read_text()):
                if cited.startswith(("docs/", "reference/", "shared/")):
                    assert (ROOT / cited).exists(), f"{file.relative_to(ROOT)} cites {cited}"


def cells_of(page: Path, heading: str) -> list[list[str]]:
    """Return the rows of the first table below a heading, without the header."""
    below = page.read_text().partition(f"## {heading}\n")[2]
    table = re.search(r"((?:^\|.*\n)+)", below, re.MULTILINE)
    assert table, heading
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table[1].splitlines()[2:]]


def code_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_policy_parameters_are_those_of_the_code():
    rows = cells_of(GUIDES_FOLDER / "disclosure-control.md", "Parameters")
    documented = {code_in(row[0])[0]: (row[1], row[2]) for row in rows}
    persons, organisations = msgspec.to_builtins(PERSONS_RULE), msgspec.to_builtins(ORGANISATIONS_RULE)
    assert documented == {
        name: (str(persons[name]).lower(), str(organisations[name]).lower()) for name in Rule.__struct_fields__
    }


def test_readers_sentence_is_the_one_that_answers_carry():
    text = " ".join((GUIDES_FOLDER / "disclosure-control.md").read_text().split())
    assert PERSONS_RULE.explanation.rstrip(".") in text


@pytest.mark.parametrize(
    ("term", "codes"),
    [
        ("kind", MeasureKind),
        ("basis", Basis),
        ("node, link", LogicModelColumn),
        ("disclosure class", DisclosureClass),
        ("return, revision", ReturnKind),
        ("timeliness", Timeliness),
        ("status", Status),
        ("marker", Marker),
    ],
)
def test_glossary_lists_every_code_of_a_term(term: str, codes: type[StrEnum]):
    [meaning] = re.findall(rf"^\| {term} \| (.+) \|$", (GUIDES_FOLDER / "glossary.md").read_text(), re.MULTILINE)
    assert set(codes) <= set(code_in(meaning))


@pytest.mark.parametrize(
    ("page", "heading", "codes"),
    [
        ("values", "Status", set(Status)),
        ("values", "Markers", set(Marker)),
        ("codes", "Scopes of a key", set(Scope)),
        ("periods", "", set(PeriodType)),
    ],
)
def test_reference_lists_every_code(page: str, heading: str, codes: set[str]):
    text = FILES[page]
    rows = cells_of(text, heading) if heading else re.findall(r"^\| (`[\w-]+`) \|", text.read_text(), re.MULTILINE)
    assert {code_in(row if isinstance(row, str) else row[0])[0] for row in rows} == codes


FORMATS = {"JSON": "", "CSV": "_csv", "JSON-stat": "_json_stat", "SDMX-CSV": "_sdmx_csv", "GeoJSON": "_geojson"}


def test_query_parameters_of_the_reference_are_those_of_each_format():
    contract = msgspec.yaml.decode((ROOT / "openapi.yaml").read_bytes())
    operations = {op["operationId"]: op for item in contract["paths"].values() for op in item.values()}
    documented: set[tuple[str, str]] = set()
    for names, value, formats in cells_of(FILES["formats"], "Query parameters"):
        readers = {"list"} if "published figures only" in value else {"list", "preview"}
        readers = {"preview"} if "previews only" in value else readers
        for name in FORMATS if formats.strip(" |") == "all" else formats.strip(" |").split(", "):
            documented |= {(f"{reader}_outcomes{FORMATS[name]}", one) for reader in readers for one in code_in(names)}
    served = {
        (name, one["name"])
        for name in (f"{reader}_outcomes{suffix}" for reader in ("list", "preview") for suffix in FORMATS.values())
        for one in operations[name].get("parameters", ())
        if one["in"] == "query"
    }
    assert documented == served


def test_outputs_of_guides_show_what_a_reader_gets():
    for page in PAGES:
        for output in re.findall(r"^```text\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE):
            assert "[…]" not in output, page.name
            assert not output.startswith("…"), page.name


def test_reasons_of_the_reference_are_those_of_the_code():
    code = "".join(file.read_text() for folder in ("api", "schema") for file in (ROOT / folder).rglob("*.py"))
    for row in cells_of(FILES["values"], "Reasons"):
        assert f'"{code_in(row[0])[0]}"' in code, row[0]


def test_settings_are_those_of_the_code():
    rows = {code_in(row[0])[0]: row for row in cells_of(FILES["settings"], "Settings")}
    assert set(rows) == {name.upper() for name in Settings.__struct_fields__}
    for field in msgspec.structs.fields(Settings):
        if isinstance(field.default, int | str):
            assert code_in(rows[field.name.upper()][2]) == [str(field.default)]


def test_operators_commands_are_those_of_the_code():
    documented = [code_in(row[0])[0] for row in cells_of(FILES["settings"], "Commands")]
    shown = subprocess.run(
        [sys.executable, "-m", "api", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert documented == re.findall(r"^    ([a-z-]+)(?: |$)", shown.stdout, re.MULTILINE)


def test_commands_of_the_sdk_are_those_of_the_code():
    documented = re.findall(r"^\| `([a-z-]+)` \|", FILES["command-line"].read_text(), re.MULTILINE)
    assert documented == list(typer.main.get_group(app).commands)


def test_every_error_code_that_a_page_names_has_its_page():
    known = {*list_refusals(), *list_findings(), *FAILED_SCOPES}
    for page in PAGES:
        for code in re.findall(r"(?:refuse[sd]? [^.`]*\(|/errors/)`?([a-z]+(?:-[a-z]+)+)", page.read_text()):
            assert code in known, f"{page.relative_to(ROOT)} names {code}"


def test_pictures_of_the_readme_are_small_and_described():
    shown = re.findall(r"!\[([^]]+)\]\((docs/pictures/[\w-]+\.png)\)", (ROOT / "README.md").read_text())
    pictures = sorted((ROOT / "docs" / "pictures").iterdir())
    assert sorted(ROOT / path for _, path in shown) == pictures != []
    assert all(picture.stat().st_size <= 300_000 for picture in pictures)
