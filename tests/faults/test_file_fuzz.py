"""CSV and NDJSON that are nearly right, spoilt by chance: never a 500, and a refusal has written nothing anywhere.

Every refusal says why, and what is found in rows is found in rows that the file has. `FUZZ` says how many are tried.
"""

import gzip
import json
import os

import asyncpg
import httpx2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schema.partners import Scope
from tests.conftest import RunningApplication
from tests.faults.test_submission_fuzz import CITY, PATH, RIGHT, STRANGE, WARD, written

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
def csv(draw: st.DrawFn) -> bytes:
    rows = [list(HEADER), *([*row] for row in ROWS)]
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(rows) - 1))
        row = rows[at]
        cell = draw(st.integers(0, max(len(row) - 1, 0)))
        match draw(st.sampled_from(["change", "change", "drop", "double", "add", "drop row", "double row", "swap"])):
            case "drop" if row:
                del row[cell]
            case "double" if row:
                row.insert(cell, row[cell])
            case "add":
                row.append(draw(ODD))
            case "drop row" if len(rows) > 1:
                del rows[at]
            case "double row":
                rows.insert(at, list(row))
            case "swap":
                other = draw(st.integers(0, len(rows) - 1))
                rows[at], rows[other] = rows[other], rows[at]
            case _ if row:
                row[cell] = draw(ODD)
    usual = draw(st.integers(0, 2)) > 0
    separator = "," if usual else draw(st.sampled_from(SEPARATORS))
    line_end = "\n" if usual else draw(st.sampled_from(LINE_ENDS))
    text = line_end.join(separator.join(row) for row in rows) + line_end * draw(st.integers(0, 1))
    encoding = "utf-8" if usual else draw(st.sampled_from(ENCODINGS))
    return cut(draw, text.encode(encoding, errors="replace"))


@st.composite
def ndjson(draw: st.DrawFn) -> bytes:
    returns = [{name: value for name, value in one.items() if name != "observations"} for one in RIGHT["returns"]]
    lines: list[object] = [{**RIGHT, "returns": returns}]
    for number, one in enumerate(RIGHT["returns"]):
        lines += [{"return": number, **cell} for cell in one.get("observations", ())]
    for _ in range(draw(st.integers(0, 3))):
        if not lines:
            break
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        match draw(st.sampled_from(["change", "change", "drop", "add", "replace", "drop line", "double line", "swap"])):
            case "change" if isinstance(line, dict) and line:
                line = lines[at] = dict(line)
                line[draw(st.sampled_from(sorted(line)))] = draw(STRANGE)
            case "drop" if isinstance(line, dict) and line:
                line = lines[at] = dict(line)
                del line[draw(st.sampled_from(sorted(line)))]
            case "add" if isinstance(line, dict):
                name = draw(st.sampled_from(["return", "breakdown", "lower", "upper", "note", "", "x", "returns"]))
                lines[at] = {**line, name: draw(STRANGE)}
            case "replace":
                lines[at] = draw(STRANGE)
            case "drop line":
                del lines[at]
            case "double line":
                lines.insert(at, line)
            case _:
                lines.append(lines.pop(at))
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\n\n", " "]))
    return cut(draw, (end.join(map(json.dumps, lines)) + end * draw(st.integers(0, 1))).encode())


def cut(draw: st.DrawFn, content: bytes) -> bytes:
    """One in six with some bytes of its middle replaced."""
    if draw(st.integers(0, 5)):
        return content
    at = draw(st.integers(0, len(content)))
    return content[:at] + draw(st.binary(max_size=5)) + content[draw(st.integers(at, len(content))) :]


@pytest.fixture
async def http(application: RunningApplication) -> httpx2.AsyncClient:
    return application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))


async def push(
    application: RunningApplication, http: httpx2.AsyncClient, form: str, content: bytes, zipped: int, *, dry: bool
) -> int:
    """`zipped`: 0 as it is, 1 as gzip, more: so many bytes of the gzip."""
    connection = await asyncpg.connect(application.url)
    before = await written(connection)
    headers = {"Content-Type": {"csv": "text/csv", "ndjson": "application/x-ndjson"}[form]}
    body = content
    if zipped:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(content, mtime=0)[: zipped if zipped > 1 else None]
    answer = await http.post(f"{PATH}/{form}", content=body, headers=headers, params={"dry_run": dry})
    after = await written(connection)
    await connection.close()
    assert answer.status_code in {200, 201, 400, 403, 409, 415, 422}, (content, answer.text)
    said = answer.json()
    if answer.status_code == 201:
        counts = said["counts"]
        assert counts["received"] == counts["added"] + counts["changed"] + counts["unchanged"], content
    else:
        assert after == before, (content, answer.text)
    if answer.status_code >= 400:
        assert said["detail"], content
        most = lines_of(content)
        for finding in said.get("errors", ()):
            assert all(1 <= row <= most for row in finding.get("rows", ())), (content, finding)
    return answer.status_code


def lines_of(content: bytes) -> int:
    """At most so many rows can be told of, however the ends of lines are read. An empty file has a first row."""
    return 1 + content.count(b"\n") + content.count(b"\r")


CSV_RIGHT = "\n".join(",".join(row) for row in (HEADER, *ROWS)).encode()
ZIPPED = st.sampled_from([0, 0, 1]) | st.integers(2, 200)
LIMITS = settings(
    max_examples=FUZZ, deadline=None, suppress_health_check=list(HealthCheck), derandomize=FUZZ < 100
)  # fmt: skip


@example(CSV_RIGHT, 0, True)
@example(CSV_RIGHT, 1, False)
@given(csv(), ZIPPED, st.booleans())
@LIMITS
async def test_no_csv_is_a_fault(
    application: RunningApplication, http: httpx2.AsyncClient, content: bytes, zipped: int, dry: bool
) -> None:
    status = await push(application, http, "csv", content, zipped, dry=dry)
    if content == CSV_RIGHT and zipped < 2:
        assert status in {200, 201}


@given(ndjson(), ZIPPED, st.booleans())
@LIMITS
async def test_no_ndjson_is_a_fault(
    application: RunningApplication, http: httpx2.AsyncClient, content: bytes, zipped: int, dry: bool
) -> None:
    await push(application, http, "ndjson", content, zipped, dry=dry)
