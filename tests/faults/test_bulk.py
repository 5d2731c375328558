"""A large file through a server process: in bounded memory, all or nothing, and others are answered meanwhile.

Nothing is timed: `make bench` does that.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx2
import pytest

from benchmarks import measured_server, synthetic_data
from tests.conftest import Clone
from tests.faults.test_crash import Server, served
from tests.faults.test_submission_fuzz import written

OBSERVATIONS = 60_000
PADDING = 2000  # bytes to each row that say nothing, so that the file is far larger than what is in it
# Columns take some 30 MB in all. The file has 120 MB, and 60,000 structs with their words more than 30.
MOST = 60  # megabytes above what the process had idle

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="tells the memory of a process")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bulk")
    synthetic_data.write_files(folder, OBSERVATIONS, ["first"])
    return folder


@pytest.fixture
async def at(clone_database: Clone, template_database: str) -> AsyncIterator[tuple[Server, str, str]]:
    """A served programme of the benchmark's, its database, and a key."""
    async with clone_database(template_database) as url:
        [key] = await measured_server.prepare_database(url)
        with served(url) as process:
            await process.start()
            yield process, url, key


def padded(file: Path, *, last: str | None = None) -> Iterator[bytes]:
    """The file with PADDING in each row; `last` in the place of the last row."""
    lines = file.read_text().splitlines()
    if last is not None:
        lines[-1] = last
    end = ("," + "x" * PADDING if file.suffix == ".csv" else " " * PADDING) + "\n"
    yield f"{lines[0]}{',measure_label' if file.suffix == '.csv' else ''}\n".encode()
    for start in range(1, len(lines), 100):
        yield "".join(line + end for line in lines[start : start + 100]).encode()


def push(process: Server, key: str, form: str, content: Iterator[bytes]) -> httpx2.Response:
    path = f"{process.address}/v1/programmes/{synthetic_data.PROGRAMME}/submissions/{form}"
    headers = {"Authorization": f"Bearer {key}", "Content-Type": synthetic_data.CONTENT_TYPES[form]}
    return httpx2.post(path, content=content, headers=headers, timeout=300)


WRONG_ROWS = {
    "csv": f"{synthetic_data.MEASURES[0]},2021-01,{synthetic_data.TOWN},,,,twelve,,,,",
    "ndjson": f'{{"return":0,"area":"{synthetic_data.TOWN}","value":"twelve"}}',
}


@pytest.mark.parametrize("form", ["csv", "ndjson"])
async def test_a_large_file_is_taken_in_bounded_memory(at: tuple[Server, str, str], files: Path, form: str) -> None:
    process, url, key = at
    connection = await asyncpg.connect(url)
    nothing = await written(connection)
    # A refusal first, which also warms the process up.
    wrong = padded(files / f"first.{form}", last=WRONG_ROWS[form])
    refused = await asyncio.to_thread(push, process, key, form, wrong)
    rows = len((files / f"first.{form}").read_text().splitlines())
    assert refused.status_code == 422
    assert [(finding["rows"], finding["column"]) for finding in refused.json()["errors"]] == [([rows], "value")]
    assert await written(connection) == nothing

    pid = measured_server.find_worker_pid(process.pid)
    idle = measured_server.read_memory_mb(pid, "VmRSS")
    measured_server.reset_peak_memory(pid)
    with measured_server.poll_continuously(f"{process.address}/v1/programmes") as answered:
        taken = await asyncio.to_thread(push, process, key, form, padded(files / f"first.{form}"))
        meanwhile = len(answered)
    assert taken.status_code == 201, taken.text[:2000]
    assert taken.json()["counts"]["added"] == rows - 1
    assert await connection.fetchval("select count(*) from observation") == rows - 1
    assert meanwhile > 0
    peak = measured_server.read_memory_mb(pid, "VmHWM")
    await connection.close()
    assert peak - idle < MOST, f"{peak:.0f} MB, {idle:.0f} idle"
