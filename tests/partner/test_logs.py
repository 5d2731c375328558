"""The log: JSON lines with the documented fields, without keys, figures and values, and short in an outage."""

import io
import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from api.database import connections
from api.monitoring.logs import JsonFormatter, LogLine, TextFormatter, build_log_config
from api.monitoring.repeated_failures import PAUSE_SECONDS, RepeatedFailures
from api.monitoring.watching import watch_forever
from api.settings import Settings
from schema.health import CheckState, Readiness, ReadinessChecks, ReadinessStatus
from schema.partners import Scope
from tests.conftest import PROGRAMME

ROOT = Path(__file__).parents[2]
MONITORING_PAGE = ROOT / "docs" / "how-to" / "monitoring.md"
SUBMISSIONS = f"/v1/programmes/{PROGRAMME}/submissions"
FIGURE, NOTE = 48_271, "a note about a person"
ALWAYS = {"time", "level", "logger", "message", "process", "pid"}
OF_REQUESTS = {"request_id", "method", "route", "status", "duration_ms"}
SUBMISSION = {
    "note": NOTE,
    "returns": [
        {
            "measure": "ips-primary-care-referrals",
            "period": "FY2025-26-Q2",
            "observations": [{"area": "E06000018", "value": FIGURE}],
        }
    ],
}
LOG_OF_LIBRARIES = """
import asyncio, logging, sys, warnings
from granian.log import LogLevels, configure_logging
from pgqueuer.core.logconfig import logger
from api.monitoring.logs import build_log_config, start_log
from api.settings import Settings

configure_logging(LogLevels.info, build_log_config("server", Settings()))  # as the server program does
logging.getLogger("_granian").info("Listening")
start_log("worker", Settings())
logger.error("The job failed")
asyncio.get_event_loop_policy()
logging.getLogger("asyncio").error("A task failed")
warnings.warn("old")
logging.getLogger("any").warning("Authorization: Bearer wh_live_abcdefghij_%s", "x" * 43)
"""


class Log:
    """The log of a process."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.seconds = 0.0

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def lines_of(self, logger: str) -> list[dict]:
        return [line for line in self.lines if line["logger"] == logger]


@pytest.fixture
def log(monkeypatch):
    log = Log()
    handler = logging.StreamHandler(log.stream)
    handler.setFormatter(JsonFormatter("server"))
    handler.addFilter(RepeatedFailures(read_seconds=lambda: log.seconds))
    root = logging.getLogger()
    monkeypatch.setattr(root, "level", logging.INFO)
    root.addHandler(handler)
    logging.getLogger("work_health").manager._clear_cache()
    monkeypatch.setattr(logging.getLogger("httpx2"), "disabled", True)  # the test's own client names its addresses
    yield log
    root.removeHandler(handler)
    monkeypatch.undo()
    logging.getLogger("work_health").manager._clear_cache()


async def test_each_request_is_one_line_with_the_documented_fields(application, log):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.READ))
    response = await http.get(f"/v1/programmes/{PROGRAMME}/returns", headers={"Client-Request-Id": "mine-12345"})
    await application.http_client().get("/invented/path")
    await application.http_client().head("/healthz")
    [with_key, unknown, head] = log.lines_of("work_health.requests")
    assert set(with_key) == ALWAYS | OF_REQUESTS | {"client", "key", "client_request_id"}
    assert with_key["request_id"] == response.headers["Request-Id"]
    assert (with_key["client_request_id"], with_key["status"], with_key["method"]) == ("mine-12345", 200, "GET")
    assert with_key["route"] == "/v1/programmes/{programme}/returns"
    assert set(unknown) == set(head) == ALWAYS | OF_REQUESTS
    assert (unknown["route"], unknown["status"]) == ("unknown", 404)
    assert (head["route"], head["method"], head["status"]) == ("/healthz", "HEAD", 200)


def test_documented_fields_are_those_of_the_lines():
    table = MONITORING_PAGE.read_text().partition("## Read the log")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(LogLine.__struct_fields__)


async def test_no_key_figure_text_or_parameter_is_in_the_log(application, log):
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT, Scope.READ)
    http = application.http_client(key)
    statuses = [
        (await http.post(SUBMISSIONS, json=SUBMISSION)).status_code,
        (await http.post(SUBMISSIONS, json=SUBMISSION, params={"note": NOTE})).status_code,
        (await http.get(f"/v1/programmes/{NOTE}/returns", params={"since": FIGURE})).status_code,
        (await http.get("/errors/" + NOTE, headers={"Authorization": f"Bearer {key}x"})).status_code,
    ]
    owner = await application.query_connection()
    await owner.execute("alter table revision rename to lost")
    try:
        statuses.append((await http.post(SUBMISSIONS, json=SUBMISSION)).status_code)
    finally:
        await owner.execute("alter table lost rename to revision")
    assert statuses == [201, 422, 422, 404, 500]
    assert len(log.lines_of("work_health.requests")) == 5
    text = log.stream.getvalue()
    for secret in (key, key[-20:], str(FIGURE), NOTE, NOTE.replace(" ", "%20")):
        assert secret not in text


async def test_failed_request_is_logged_with_its_ids_and_its_traceback(application, log):
    owner = await application.query_connection()
    await owner.execute("alter table programme rename to lost")
    try:
        response = await application.http_client().get(
            f"/v1/programmes/{NOTE}", headers={"Client-Request-Id": "mine-12345"}
        )
    finally:
        await owner.execute("alter table lost rename to programme")
    [failure] = log.lines_of("work_health")
    assert response.status_code == 500
    assert (failure["level"], failure["request_id"]) == ("error", response.headers["Request-Id"])
    assert failure["client_request_id"] == "mine-12345"
    assert "SQLSTATE 42P01" in failure["traceback"]
    assert NOTE not in log.stream.getvalue()


async def test_outage_of_200_requests_adds_a_handful_of_lines(application, log):
    nowhere = connections.create_application_engine("postgresql://a@127.0.0.1:1/nothing", pool_size=1)
    application.app.state.update(engine=nowhere, public_engine=nowhere)
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.READ))
    for _ in range(100):
        assert (await http.get("/v1/programmes")).status_code >= 500
        assert (await http.get(f"/v1/programmes/{PROGRAMME}/returns")).status_code >= 500
    await http.get("/readyz")
    assert len(log.lines_of("work_health.requests")) == 201
    others = log.lines_of("work_health")
    assert 1 <= len(others) <= 5
    log.seconds += PAUSE_SECONDS
    await http.get("/v1/programmes")
    again = log.lines_of("work_health")[len(others) :]
    assert sum(line["left_out"] for line in again) >= 99


def answer(database: CheckState) -> Readiness:
    ok, status = CheckState.OK, ReadinessStatus.READY if database is CheckState.OK else ReadinessStatus.UNREADY
    checks = ReadinessChecks(
        database=database, public_database=ok, replica=CheckState.SKIPPED, schema=ok, walls=ok, worker=ok
    )
    return Readiness(status=status, checks=checks)


async def test_outage_is_one_line_when_it_begins_and_one_when_it_ends(log, monkeypatch):
    states = iter(["ok", "ok", "failed", "failed", "failed", "ok", "ok"])

    async def check():
        return answer(CheckState(next(states)))

    monkeypatch.setattr("api.monitoring.watching.WATCH_SECONDS", 0)
    with pytest.raises(RuntimeError):  # the states are used up
        await watch_forever(check)
    lines = log.lines_of("work_health")
    assert [line["level"] for line in lines] == ["info", "error", "info"]
    assert ["database failed" in line["message"] for line in lines] == [False, True, False]


def test_server_program_queue_and_libraries_write_the_same_lines_without_keys():
    result = subprocess.run(
        [sys.executable, "-c", LOG_OF_LIBRARIES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = [msgspec.json.decode(line, type=LogLine) for line in result.stderr.splitlines()]
    assert [(line.logger, line.process) for line in lines] == [
        ("_granian", "server"),
        ("pgqueuer", "worker"),
        ("asyncio", "worker"),
        ("py.warnings", "worker"),
        ("any", "worker"),
    ]
    assert (result.stdout, lines[-1].message) == ("", "Authorization: Bearer [key]")


def test_text_for_a_terminal_is_one_short_line():
    record = logging.makeLogRecord({"name": "work_health", "levelname": "INFO", "msg": "This server is ready."})
    assert re.fullmatch(r"\d\d:\d\d:\d\d info server This server is ready\.", TextFormatter("server").format(record))


@pytest.mark.parametrize(
    ("setting", "formatter"), [("json", JsonFormatter), ("text", TextFormatter), (None, JsonFormatter)]
)
def test_setting_chooses_the_format_and_without_a_terminal_it_is_json(setting, formatter):
    configuration = build_log_config("server", Settings(work_health_log=setting, work_health_log_level="error"))
    assert configuration["formatters"]["line"]["()"] is formatter
    assert configuration["root"]["level"] == "ERROR"
