"""A large file through a server process: bounded memory, all or nothing, and other requests are answered.

Time is measured by `make bench`, not here.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx2
import pytest

from benchmarks import measured_server, synthetic_data
from tests.conftest import Clone
from tests.faults.test_crash import Server, serve
from tests.faults.test_submission_fuzz import count_written_rows
from tests.fixtures.loop_watch import assert_loop_was_free

OBSERVATIONS = 60_000
PADDING = 2000  # unused bytes of each row, so that the file is far larger than its content
# Columns need about 30 MB in total. The file has 120 MB, and 60,000 structs would need more than 30 MB.
MAX_MEMORY_GROWTH_MB = 60  # above the memory of the idle process

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="needs Linux to measure the memory of a process"
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bulk")
    synthetic_data.write_files(folder, OBSERVATIONS, ["first"])
    return folder


@pytest.fixture
async def served_programme(
    clone_database: Clone, template_database: str, tmp_path: Path
) -> AsyncIterator[tuple[Server, str, str]]:
    """Yield a server with the programme of the benchmarks, its database and a key."""
    async with clone_database(template_database) as url:
        [key] = await measured_server.prepare_database(url)
        with serve(url, tmp_path / "log") as process:
            await process.start()
            yield process, url, key
        assert_loop_was_free(tmp_path / "log")


def pad_rows(file: Path, *, last: str | None = None) -> Iterator[bytes]:
    """Yield the file with PADDING in each row. Replace the last row by `last`."""
    lines = file.read_text().splitlines()
    if last is not None:
        lines[-1] = last
    end = ("," + "x" * PADDING if file.suffix == ".csv" else " " * PADDING) + "\n"
    yield f"{lines[0]}{',measure_label' if file.suffix == '.csv' else ''}\n".encode()
    for start in range(1, len(lines), 100):
        yield "".join(line + end for line in lines[start : start + 100]).encode()


def post_file(process: Server, key: str, form: str, content: Iterator[bytes]) -> httpx2.Response:
    path = f"{process.address}/v1/programmes/{synthetic_data.PROGRAMME}/submissions/{form}"
    headers = {"Authorization": f"Bearer {key}", "Content-Type": synthetic_data.CONTENT_TYPES[form]}
    return httpx2.post(path, content=content, headers=headers, timeout=300)


WRONG_ROWS = {
    "csv": f"{synthetic_data.MEASURES[0]},2021-01,{synthetic_data.TOWN},,,,twelve,,,,",
    "ndjson": f'{{"return":0,"area":"{synthetic_data.TOWN}","value":"twelve"}}',
}


@pytest.mark.parametrize("form", ["csv", "ndjson"])
async def test_large_file_is_accepted_in_bounded_memory(
    served_programme: tuple[Server, str, str], files: Path, form: str
) -> None:
    process, url, key = served_programme
    connection = await asyncpg.connect(url)
    counts_before = await count_written_rows(connection)
    # The refusal comes first, because it also warms up the process.
    body = pad_rows(files / f"first.{form}", last=WRONG_ROWS[form])
    refusal = await asyncio.to_thread(post_file, process, key, form, body)
    rows = len((files / f"first.{form}").read_text().splitlines())
    assert refusal.status_code == 422
    assert [(finding["rows"], finding["column"]) for finding in refusal.json()["errors"]] == [([rows], "value")]
    assert await count_written_rows(connection) == counts_before

    pid = measured_server.find_worker_pid(process.pid)
    idle = measured_server.read_memory_mb(pid, "VmRSS")
    measured_server.reset_peak_memory(pid)
    with measured_server.poll_continuously(f"{process.address}/v1/programmes") as answers:
        response = await asyncio.to_thread(post_file, process, key, form, pad_rows(files / f"first.{form}"))
        answers_during_upload = len(answers)
    assert response.status_code == 201, response.text[:2000]
    assert response.json()["counts"]["added"] == rows - 1
    assert await connection.fetchval("select count(*) from observation") == rows - 1
    assert answers_during_upload > 0
    peak = measured_server.read_memory_mb(pid, "VmHWM")
    await connection.close()
    assert peak - idle < MAX_MEMORY_GROWTH_MB, f"{peak:.0f} MB, {idle:.0f} idle"
