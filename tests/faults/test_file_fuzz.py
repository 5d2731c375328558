"""Fuzz CSV and NDJSON files that are nearly valid: no response is a 500, and a refusal writes nothing.

Every refusal has a reason, and its findings name rows that the file has. `FUZZ` is the number of files.
"""

import gzip
import json
import os
from collections.abc import AsyncIterator

import asyncpg
import httpx2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schema.partners import Scope
from tests.conftest import RunningApplication
from tests.faults.test_submission_fuzz import CITY, PATH, STRANGE, VALID_BODY, WARD, count_written_rows
from tests.fixtures.loop_watch import frozen_objects, watch_loop

FUZZ = int(os.environ.get("FUZZ", "60"))
REFERRALS = "ips-primary-care-referrals"
HEADER = [
    "measure",
    "series",
    "service",
    "period",
    "area",
    "sex",
    "value",
    "numerator",
    "denominator",
    "status",
    "note",
]
ROWS = [
    [REFERRALS, "headline", "main", "FY2025-26-Q1", CITY, "", "20", "", "", "", ""],
    [REFERRALS, "headline", "main", "FY2025-26-Q1", CITY, "female", "12", "", "", "", ""],
    [REFERRALS, "headline", "main", "FY2025-26-Q1", CITY, "male", "7", "", "", "", '"checked, twice"'],
    [REFERRALS, "headline", "main", "FY2025-26-Q1", CITY, "unknown", "", "", "", "c", ""],
    ["neet-16-17", "ccis-provisional", "", "R3-2025-06", CITY, "", "", "371", "7450", "", ""],
]
ODD = st.one_of(
    st.sampled_from(["", " ", '"', '""', '"a', 'a"', '"a\nb"', "\0", "\ufeff", "=1+1", "+1", "@x", "-1", '"1,234"']),
    st.sampled_from(["1.0", "1e5", "1.5", str(2**53), str(2**63), "9" * 40, "[c]", "c", "x", "*", "<5", "nil", "12%"]),
    st.sampled_from(["2025", "45748", "Apr-25", "R3-2025-06", "FY2025-26-Q9", "withdrawn", WARD, "femal", "ä£"]),
    st.sampled_from([*HEADER, "kind", "base_revision", "age-band", "sex_label", "x" * 3000]),
    st.text(max_size=20),
)  # fmt: skip
SEPARATORS, LINE_ENDS = [",", ";", "\t", "|"], ["\n", "\r\n", "\r", "\n\n"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-32"]


@st.composite
def csv_files(draw: st.DrawFn) -> bytes:
    rows = [list(HEADER), *([*row] for row in ROWS)]
    for _ in range(draw(st.integers(0, 3))):
        position = draw(st.integers(0, len(rows) - 1))
        row = rows[position]
        cell = draw(st.integers(0, max(len(row) - 1, 0)))
        match draw(st.sampled_from(["change", "change", "drop", "double", "add", "drop row", "double row", "swap"])):
            case "drop" if row:
                del row[cell]
            case "double" if row:
                row.insert(cell, row[cell])
            case "add":
                row.append(draw(ODD))
            case "drop row" if len(rows) > 1:
                del rows[position]
            case "double row":
                rows.insert(position, list(row))
            case "swap":
                other_row = draw(st.integers(0, len(rows) - 1))
                rows[position], rows[other_row] = rows[other_row], rows[position]
            case _ if row:
                row[cell] = draw(ODD)
    usual = draw(st.integers(0, 2)) > 0
    separator = "," if usual else draw(st.sampled_from(SEPARATORS))
    line_end = "\n" if usual else draw(st.sampled_from(LINE_ENDS))
    text = line_end.join(separator.join(row) for row in rows) + line_end * draw(st.integers(0, 1))
    encoding = "utf-8" if usual else draw(st.sampled_from(ENCODINGS))
    return replace_bytes(draw, text.encode(encoding, errors="replace"))


@st.composite
def ndjson_files(draw: st.DrawFn) -> bytes:
    returns = [
        {name: value for name, value in item.items() if name != "observations"} for item in VALID_BODY["returns"]
    ]
    lines: list[object] = [{**VALID_BODY, "returns": returns}]
    for number, item in enumerate(VALID_BODY["returns"]):
        lines += [{"return": number, **cell} for cell in item.get("observations", ())]
    for _ in range(draw(st.integers(0, 3))):
        if not lines:
            break
        position = draw(st.integers(0, len(lines) - 1))
        line = lines[position]
        match draw(st.sampled_from(["change", "change", "drop", "add", "replace", "drop line", "double line", "swap"])):
            case "change" if isinstance(line, dict) and line:
                line = lines[position] = dict(line)
                line[draw(st.sampled_from(sorted(line)))] = draw(STRANGE)
            case "drop" if isinstance(line, dict) and line:
                line = lines[position] = dict(line)
                del line[draw(st.sampled_from(sorted(line)))]
            case "add" if isinstance(line, dict):
                name = draw(st.sampled_from(["return", "breakdown", "lower", "upper", "note", "", "x", "returns"]))
                lines[position] = {**line, name: draw(STRANGE)}
            case "replace":
                lines[position] = draw(STRANGE)
            case "drop line":
                del lines[position]
            case "double line":
                lines.insert(position, line)
            case _:
                lines.append(lines.pop(position))
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\n\n", " "]))
    return replace_bytes(draw, (end.join(map(json.dumps, lines)) + end * draw(st.integers(0, 1))).encode())


def replace_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """Replace some bytes in the middle of one file in six."""
    if draw(st.integers(0, 5)):
        return content
    position = draw(st.integers(0, len(content)))
    return content[:position] + draw(st.binary(max_size=5)) + content[draw(st.integers(position, len(content))) :]


@pytest.fixture
async def http(application: RunningApplication) -> AsyncIterator[httpx2.AsyncClient]:
    with frozen_objects():
        yield application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))


async def post_file(
    application: RunningApplication, http: httpx2.AsyncClient, form: str, content: bytes, gzip_bytes: int, *, dry: bool
) -> int:
    """Post the file: plain for 0, as gzip for 1, and for more, only this number of bytes of the gzip."""
    connection = await asyncpg.connect(application.url)
    before = await count_written_rows(connection)
    headers = {"Content-Type": {"csv": "text/csv", "ndjson": "application/x-ndjson"}[form]}
    body = content
    if gzip_bytes:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(content, mtime=0)[: gzip_bytes if gzip_bytes > 1 else None]
    async with watch_loop():
        response = await http.post(f"{PATH}/{form}", content=body, headers=headers, params={"dry_run": dry})
    after = await count_written_rows(connection)
    await connection.close()
    assert response.status_code in {200, 201, 400, 403, 409, 415, 422}, (content, response.text)
    report = response.json()
    if response.status_code == 201:
        counts = report["counts"]
        assert counts["received"] == counts["added"] + counts["changed"] + counts["unchanged"], content
    else:
        assert after == before, (content, response.text)
    if response.status_code >= 400:
        assert report["detail"], content
        line_count = count_lines(content)
        for finding in report.get("errors", ()):
            assert all(1 <= row <= line_count for row in finding.get("rows", ())), (content, finding)
    return response.status_code


def count_lines(content: bytes) -> int:
    """Return the largest possible row number with any line ends. An empty file has a first row."""
    return 1 + content.count(b"\n") + content.count(b"\r")


VALID_CSV = "\n".join(",".join(row) for row in (HEADER, *ROWS)).encode()
ZIPPED = st.sampled_from([0, 0, 1]) | st.integers(2, 200)
LIMITS = settings(
    max_examples=FUZZ, deadline=None, suppress_health_check=list(HealthCheck), derandomize=FUZZ < 100
)  # fmt: skip


@example(VALID_CSV, 0, True)
@example(VALID_CSV, 1, False)
@given(csv_files(), ZIPPED, st.booleans())
@LIMITS
async def test_no_csv_file_causes_an_error(
    application: RunningApplication, http: httpx2.AsyncClient, content: bytes, zipped: int, dry: bool
) -> None:
    status = await post_file(application, http, "csv", content, zipped, dry=dry)
    if content == VALID_CSV and zipped < 2:
        assert status in {200, 201}


@given(ndjson_files(), ZIPPED, st.booleans())
@LIMITS
async def test_no_ndjson_file_causes_an_error(
    application: RunningApplication, http: httpx2.AsyncClient, content: bytes, zipped: int, dry: bool
) -> None:
    await post_file(application, http, "ndjson", content, zipped, dry=dry)
