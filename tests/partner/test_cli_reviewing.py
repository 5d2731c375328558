"""The commands of reviewers and publishers, from a return that waits to a release that anybody reads."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.fixtures.command_line import Command, make_command
from tests.fixtures.faulty_servers import make_answer, run_faulty_server
from tests.fixtures.server_process import SANDBOX_PROGRAMME, RunningServer, run_server
from work_health import MilestoneItem, WorkHealth, new_return, new_submission
from work_health.cli.exit_codes import ExitCode

MEASURE = "health-to-employment-referrals"
QUARTERS = {"FY2025-26-Q1": (300, 160, 140), "FY2025-26-Q2": (340, 190, 150)}
JOB = {
    "id": "00000000-0000-0000-0000-000000000001",
    "dry_run": False,
    "requested_at": "2026-07-05T08:30:00Z",
    "frozen_at": None,
    "finished_at": None,
    "contribution_count": 4,
    "contributions_protected": 1,
    "release": None,
    "failures": [],
    "failure_reason": None,
    "rehearsal": None,
    "audit": None,
}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with run_server() as running_server:
        yield running_server


@pytest.fixture(scope="module")
def keys(server: RunningServer) -> dict[str, str]:
    return {
        "reviewer": server.issue_key("ohid", "review"),
        "publisher": server.issue_key("nottingham-city-council", "publish"),
    }


@pytest.fixture
def command(server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary) -> Command:
    return make_command(server, tmp_path, monkeypatch, capsysbinary)


@pytest.fixture
def sign_in(keys: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda name: monkeypatch.setenv("WORK_HEALTH_KEY", keys[name])


def write_return(folder: Path, period: str, total: int, female: int, male: int) -> str:
    rows = [("", total), ("female", female), ("male", male), ("unknown", 0)]
    lines = [f"{MEASURE},{period},E06000018,{sex},{value}" for sex, value in rows]
    (folder / f"{period}.csv").write_text("\n".join(["measure,period,area,sex,value", *lines]))
    return f"{period}.csv"


def test_reviewer_reads_and_decides(command, sign_in, tmp_path, monkeypatch):
    for period, values in QUARTERS.items():
        assert command("submit", write_return(tmp_path, period, *values)).code == ExitCode.DONE
    sign_in("reviewer")
    monkeypatch.setenv("COLUMNS", "80")
    queue = command("review", "queue", "--measure", MEASURE)
    assert max(map(len, queue.out.splitlines()[:-1])) <= 80
    name = (MEASURE, "--period", "FY2025-26-Q1", "--organisation", "nottingham-city-council")
    assert queue.out.splitlines()[-1] == f"Next: work-health review show {' '.join(name)}"
    waiting = json.loads(command("review", "queue", "--measure", MEASURE, "--json").out)["items"]
    assert [item["period"]["code"] for item in waiting] == list(QUARTERS)

    name = (MEASURE, "--period", "FY2025-26-Q2")
    shown = command("review", "show", *name).out
    assert max(map(len, shown.splitlines())) <= 80
    assert re.search(r"^E06000018 +300 +340 +\+40 \(\+13 %\)$", shown, re.MULTILINE)
    assert re.search(r"^E06000018, sex=unknown +0 +0 +0$", shown, re.MULTILINE)
    assert shown.splitlines()[-1] == "You may: approve, query, comment, propose-redaction"
    assert len(json.loads(command("review", "show", *name, "--json").out)["detail"]["observations"]) == 4

    assert "queried" in command("review", "query", *name, "--reason", "Is it a whole quarter?").out
    assert [json.loads(command("review", "queue", "--state", "queried", "--json").out)["items"][0]["measure"]] == [
        MEASURE
    ]
    assert command("review", "comment", *name, "--text", "By telephone: yes.").code == ExitCode.DONE
    assert "approved" in command("review", "approve", *name).out
    assert json.loads(command("review", "reopen", *name, "--reason", "A mistake.", "--json").out)["state"] == "pending"
    assert "By telephone: yes." in command("review", "show", *name).out
    assert command("review", "approve", *name, "--revision", "2").code == ExitCode.OTHER
    assert command("review", "query", *name).code == ExitCode.USAGE
    assert "Another person" in command("propose-redaction", *name, "--reason", "It names a person.").out


def test_items_of_a_milestone_are_shown(command, sign_in, server):
    item = MilestoneItem(item="research-1", title="Barriers to work", stage="published", date=date(2026, 1, 5))
    with WorkHealth(server.key, base_url=server.address) as client:
        research = new_return("jsna-research-published", "FY2025-26", items=[item])
        client.create_submission(SANDBOX_PROGRAMME, new_submission(research))
    sign_in("reviewer")
    shown = command("review", "show", "jsna-research-published", "--period", "FY2025-26").out
    assert re.search(r"^Barriers to work +published +2026-01-05", shown, re.MULTILINE)


def test_publisher_rehearses_and_publishes(command, sign_in, tmp_path, monkeypatch):
    sign_in("reviewer")
    for period, values in QUARTERS.items():
        assert command("review", "approve", MEASURE, "--period", period).code == ExitCode.DONE, values
    assert command("publish", "rehearse").code == ExitCode.NOT_ALLOWED
    sign_in("publisher")
    assert command("publish", "follow").code == ExitCode.USAGE  # there is no job yet
    monkeypatch.setenv("COLUMNS", "80")
    notes = ("--notes", "Our first release")
    rehearsed = command("publish", "rehearse", *notes)
    assert rehearsed.code == ExitCode.DONE
    assert max(map(len, rehearsed.out.splitlines())) <= 80
    assert rehearsed.out.splitlines()[-1] == "Next: work-health publish release --notes 'Our first release'"
    report = json.loads(command("publish", "follow", "--json").out)["rehearsal"]["report"]
    rows = {measure["measure"]: measure for measure in report["measures"]}
    for measure, row in rows.items():
        counts = [row["figures"], row["shown"], row["figures"] - row["shown"] - row["not_sent"], row["not_sent"]]
        line = rf"^{measure} +{' +'.join(f'{count:,}' for count in counts)}\n{row['changes']['new']:,} new +$"
        assert re.search(line, rehearsed.out, re.MULTILINE)
    assert sum(row["figures"] for row in rows.values()) == report["figures"] == report["changes"]
    assert rows[MEASURE]["shown"] > 0
    assert command("outcomes", MEASURE).code == ExitCode.OTHER  # a rehearsal publishes nothing

    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal, where the bar appears
    monkeypatch.setenv("TERM", "xterm")
    published = command("publish", "release", *notes)
    assert (published.code, "━" in published.err, "release 1" in published.out) == (ExitCode.DONE, True, True)
    monkeypatch.delenv("FORCE_COLOR")
    assert json.loads(command("publish", "follow", "--json").out)["state"] == "published"
    assert command("publish", "cancel").code == ExitCode.CONFLICT
    without = json.loads(command("publish", "rehearse", "--exclude", MEASURE, "--json").out)["rehearsal"]["report"]
    changes = {measure["measure"]: measure["changes"] for measure in without["measures"] if measure["changes"]}
    assert changes == {MEASURE: {"removed": rows[MEASURE]["figures"]}}


def test_outcomes_show_the_error(command, monkeypatch):
    monkeypatch.setenv("WORK_HEALTH_KEY", "")
    programme = ("--programme", SANDBOX_PROGRAMME)
    words = (*programme, "outcomes", MEASURE, "--period", "FY2025-26-Q2")
    [figure] = json.loads(command(*words, "--json").out)["items"]
    assert 0 < figure["error_95"] <= figure["largest_error"]
    row = (
        rf"{MEASURE} +FY2025-26-Q2 +E06000018 +{figure['value']:g} +±{figure['error_95']:g} \(95 %\) +partial +\d of \d"
    )
    assert re.search(row, command(*words).out)
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, command(*words).out.splitlines())) <= 80


def test_progress_states_each_measure_in_words(command, sign_in, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    sign_in("reviewer")
    released, preview = command("progress"), command("progress", "--preview")
    for result in (released, preview):
        assert (result.code, max(map(len, result.out.splitlines())) <= 80) == (ExitCode.DONE, True)
    document = json.loads(command("progress", "--json").out)
    measures = {one["measure"]: one for theme in document["themes"] for one in theme["measures"]}
    assert all(measure in released.out for measure in measures)
    latest = measures[MEASURE]["latest"]
    block = " ".join(released.out.partition(MEASURE)[2].partition("\n\n")[0].split())
    coverage = f"{latest['coverage']['approved']} of {latest['coverage']['expected']}"
    assert f"{latest['value']:g} referrals, partial: {coverage} returns, within {latest['error_95']:g} of" in block
    assert f"by {abs(latest['movement']['change']):g} " in block
    assert "employment-support-providers" in block
    assert "Missing: employment-support-providers FY2025-26-Q2" in " ".join(preview.out.split())
    assert command("progress", "--preview", "--release", "1").code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (
            {
                "state": "refused",
                "failures": [
                    {
                        "scope": f"{MEASURE}/headline",
                        "measures": [MEASURE],
                        "code": "geography-changed",
                        "detail": "Moved.",
                    }
                ],
            },
            ExitCode.REJECTED,
        ),
        ({"state": "failed", "failure_reason": "ConnectionResetError"}, ExitCode.TRY_LATER),
        ({"state": "cancelled"}, ExitCode.OTHER),
    ],
)
def test_job_that_publishes_nothing_has_an_exit_code(command, fields, code):
    queued = make_answer(202, JOB | {"state": "queued"})
    running, ended = (make_answer(200, JOB | changes) for changes in ({"state": "running"}, fields))
    with run_faulty_server(queued, running, ended) as faulty_server:
        result = command("--url", faulty_server.address, "--programme", SANDBOX_PROGRAMME, "publish", "release")
    assert result.code == code
    assert len(faulty_server.requests) == 3
    assert all(text in result.out for text in [MEASURE, "Moved."] if fields.get("failures"))
