"""The output and exit codes of the command line, against a real server."""

import csv
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
import typer

from tests.fixtures.command_line import Command, make_command
from tests.fixtures.faulty_servers import make_answer, run_faulty_server
from tests.fixtures.server_process import ROOT, SANDBOX_PROGRAMME, RunningServer, run_server
from work_health import WorkHealth, new_return, observation
from work_health.cli.exit_codes import EXIT_CODE_MEANINGS, ExitCode, choose_exit_code
from work_health.errors import ApiError, CheckFailed, ConnectionFailed, WorkHealthError

CASES = Path(__file__).parents[1] / "cases"
MEASURE = "ips-primary-care-referrals"
FILE = f"""measure,period,area,sex,value
{MEASURE},FY2025-26-Q3,E06000018,,140
{MEASURE},FY2025-26-Q3,E06000018,female,80
{MEASURE},FY2025-26-Q3,E06000018,male,57
{MEASURE},FY2025-26-Q3,E06000018,unknown,3
"""


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with run_server() as running_server:
        yield running_server


@pytest.fixture
def command(server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary) -> Command:
    return make_command(server, tmp_path, monkeypatch, capsysbinary)


def test_whoami_shows_the_key(command):
    result = command("whoami")
    assert result.code == ExitCode.DONE
    assert "Sandbox" in result.out
    assert f"{SANDBOX_PROGRAMME}  as nottingham-city-council: submit, review" in result.out
    assert json.loads(command("whoami", "--json").out)["client"] == "Sandbox"


def test_first_pause_is_printed(command, monkeypatch):
    monkeypatch.setenv("WORK_HEALTH_URL", "http://127.0.0.1:9")  # nobody listens at the port for discarding
    monkeypatch.setattr("work_health._sync.sender.sleep", lambda _: None)
    result = command("whoami")
    assert result.code == ExitCode.TRY_LATER
    assert [line.split()[1] for line in result.err.splitlines()] == ["/v1/me:", "http://127.0.0.1:9/v1/me:"]
    first = json.loads(command("whoami", "--json").err.splitlines()[0])
    assert (first["warning"], "/v1/me" in first["message"]) == ("Pause", True)


def test_obligations_lists_duties(command):
    filters = ("--organisation", "nottingham-city-council", "--state", "overdue")
    result = command("obligations", "--measure", MEASURE, *filters)
    assert re.search(rf"2026-01-30 +overdue +{MEASURE} +FY2025-26-Q3 +nottingham-city-council +submit", result.out)
    items = json.loads(command("obligations", "--measure", MEASURE, *filters, "--json").out)["items"]
    assert {item["state"] for item in items} == {"overdue"}


def test_template_is_never_overwritten(command, tmp_path):
    result = command("template", MEASURE, "--period", "FY2025-26-Q3")
    assert (result.code, len((tmp_path / f"{MEASURE}_FY2025-26-Q3.csv").read_text().splitlines())) == (0, 392)
    assert command("template", MEASURE, "--period", "FY2025-26-Q3").code == ExitCode.USAGE
    assert command("template", MEASURE, "--period", "FY2025-26-Q3", "-o", "-").out.startswith("\ufeffmeasure,series")
    for options in (("-o", "a.xlsx"), ("--xlsx", "-o", "a.bin"), ("--xlsx",)):
        assert command("template", MEASURE, "--period", "FY2025-26-Q3", *options).code == ExitCode.DONE
    names = ("a.xlsx", "a.bin", f"{MEASURE}_FY2025-26-Q3.xlsx")
    assert [(tmp_path / name).read_bytes()[:2] for name in names] == [b"PK"] * 3
    refused = command("template", MEASURE, "--period", "2025-Q3", "-o", "x.csv")
    assert (refused.code, "FY2025-26-Q3" in " ".join(refused.err.split())) == (ExitCode.REJECTED, True)


def test_file_is_checked_tried_and_submitted(command, tmp_path):
    (tmp_path / "q3.csv").write_text(FILE)
    checked = command("check", "q3.csv")
    assert (checked.code, f"{MEASURE} FY2025-26-Q3" in " ".join(checked.out.split())) == (ExitCode.DONE, True)
    dry = command("submit", "q3.csv", "--dry-run")
    assert (dry.code, "accepted: 4 added" in dry.out) == (ExitCode.DONE, True)
    done = command("submit", "q3.csv", "--json")
    assert (done.code, json.loads(done.out)["outcome"]) == (ExitCode.DONE, "accepted")
    assert "unchanged" in command("submit", "q3.csv").out
    assert re.search(rf"{MEASURE} +FY2025-26-Q3 +nottingham-city-council +pending +1 +4", command("returns").out)
    assert json.loads(command("returns", "--period", "FY2025-26-Q3", "--json").out)["items"][0]["cells"] == 4
    parts = command("submit", "q3.csv", "--in-parts", "100", "--json")
    assert json.loads(parts.out)["committed"] == [f"{MEASURE} FY2025-26-Q3"]
    assert "unchanged" in command("submit", "q3.csv", "--in-parts", "100").out


def test_findings_name_the_row_and_the_fix(command, tmp_path):
    (tmp_path / "wrong.csv").write_text(FILE.replace("female", "femal").replace("57", "n/a"))
    result = command("check", "wrong.csv")
    assert result.code == ExitCode.REJECTED
    assert re.search(r"3 +unknown-category +sex +femal +.*\bfemal\b.*\bsex\b.*\s.*\bfemale\b", result.err)
    assert re.search(r"4 +unclear-mark +value +n/a", result.err)
    (tmp_path / "wrong.csv").write_text(FILE.replace("57", "62"))
    result = command("submit", "wrong.csv", "--json")
    assert (result.code, result.out) == (ExitCode.REJECTED, "")
    assert [finding["code"] for finding in json.loads(result.err)["findings"]] == ["sum-exceeds-total"]
    result = command("submit", "wrong.csv", "--in-parts", "100", "--json")
    assert (result.code, json.loads(result.err)["remaining"]) == (ExitCode.INCOMPLETE, [f"{MEASURE} FY2025-26-Q3"])


def test_tables_fit_80_columns(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    arguments = ("outcomes", MEASURE, "--preview", "--period", "FY2025-26-Q1")
    for words in (("obligations",), ("returns",), ("keys", "list"), arguments, (*arguments, "--chart"), ("plan",)):
        lines = command(*words).out.splitlines()
        assert max(map(len, lines)) <= 80, words
    assert f"{MEASURE}\n" in re.sub(" +\n", "\n", command("obligations").out)  # no name is broken


RENAMED = """
[constants]
measure = "ips-primary-care-referrals"
period = "FY2025-26-Q3"
[columns]
"GSS code" = "area"
"Referrals" = "value"
"Remarks" = "note"
"""
RENAMED_EXPORT = """Return of the council
Remarks;GSS code;Referrals
;E06000018;140
"late forms;E05012270;20
;E05012271;31
see email";E05012272;12
"""


def list_refusals(server: RunningServer, command: Command, file: Path, *options: str) -> list[list[tuple]]:
    """Return code, rows and column of each finding, from the client and the command line, to check and to submit."""
    mapping = options[1] if options else None
    refusals = []
    with WorkHealth(server.key, base_url=server.address) as client:
        for method in (client.check, client.submit):
            with pytest.raises(CheckFailed) as raised:
                method(file, mapping=mapping)
            refusals.append([finding.to_dict() for finding in raised.value.findings])
    for word in ("check", "submit"):
        result = command(word, str(file), *options, "--json")
        assert (result.code, result.out) == (ExitCode.REJECTED, "")
        refusals.append(json.loads(result.err)["findings"])
    return [
        [(finding["code"], finding["rows"], finding.get("column")) for finding in findings] for findings in refusals
    ]


def test_nothing_that_a_reader_does_not_see_is_sent(server, command, tmp_path):
    book = openpyxl.Workbook()
    for row in csv.reader(FILE.replace("80", "#REF!").splitlines()):
        book.worksheets[0].append([int(cell) if cell.isdigit() else cell for cell in row])
    book.save(tmp_path / "error.xlsx")
    (tmp_path / "renamed.csv").write_text(RENAMED_EXPORT)
    (tmp_path / "renamed.toml").write_text(RENAMED)
    cases = {
        CASES / "swallowed-quote-q3.csv": ("swallowed-rows", [3, 5], "note"),
        tmp_path / "renamed.csv": ("swallowed-rows", [4, 6], "Remarks"),
        CASES / "hidden-row.xlsx": ("hidden-rows", [6], None),
        CASES / "hidden-col.xlsx": ("hidden-column", [], "note"),
        tmp_path / "error.xlsx": ("error-cell", [3], "value"),
    }
    for file, finding in cases.items():
        options = ("--mapping", "renamed.toml") if file.stem == "renamed" else ()
        assert list_refusals(server, command, file, *options) == [[finding]] * 4, file


@pytest.mark.parametrize(("file", "cells"), [("hidden-row", 5), ("hidden-col", 4)])
def test_hidden_cells_are_sent_if_the_mapping_states_it(command, tmp_path, file, cells):
    (tmp_path / "all.toml").write_text("hidden = true\n")
    checked = command("check", str(CASES / f"{file}.xlsx"), "--mapping", "all.toml", "--json")
    assert json.loads(checked.out)["cells"] == cells


def test_number_is_what_excel_shows(command):
    result = command("submit", str(CASES / "float-noise.xlsx"), "--dry-run", "--json")
    assert (result.code, json.loads(result.out)["rows"]["used"]) == (ExitCode.DONE, 4)


def test_option_comes_before_the_constant_of_the_mapping(command, tmp_path):
    (tmp_path / "renamed.toml").write_text(RENAMED)
    (tmp_path / "renamed.csv").write_text("Remarks;GSS code;Referrals\n;E06000018;140\n")
    arguments = ("renamed.csv", "--mapping", "renamed.toml", "--period", "FY2026-27-Q1", "--json")
    assert json.loads(command("check", *arguments).out)["returns"] == [f"{MEASURE} FY2026-27-Q1"]
    [item] = json.loads(command("submit", *arguments, "--dry-run", "--confirm-withdrawals").out)["returns"]
    assert item["period"]["code"] == "FY2026-27-Q1"


def test_rounding_is_declared_in_each_way(server, command, tmp_path):
    file = CASES / "rounded-above.csv"
    undeclared = command("submit", str(file), "--dry-run")
    assert (undeclared.code, "--rounded-to" in undeclared.err) == (ExitCode.REJECTED, True)
    (tmp_path / "rounded.toml").write_text("[constants]\nrounded_to = 5\n")
    for options in (("--rounded-to", "5"), ("--mapping", "rounded.toml")):
        result = command("submit", str(file), "--dry-run", *options)
        assert result.code == ExitCode.DONE, result.err
        assert result.out.splitlines()[-1] == f"Next: work-health submit {file} {' '.join(options)}"
    with WorkHealth(server.key, base_url=server.address) as client:
        for source in (file, new_return(MEASURE, "FY2025-26-Q3", [observation("E06000018", 140)])):
            assert client.submit(source, rounded_to=5, dry_run=True, confirm_withdrawals=True).is_accepted
        parts = client.submit_in_parts(file, rounded_to=5, journal=tmp_path / "journal.json")
        assert len(parts.committed) == 1
        [current] = client.list_returns(SANDBOX_PROGRAMME, measure=MEASURE, period="FY2025-26-Q3").items
    assert current.rounded_to == 5


def test_obligations_follow_all_pages(command):
    codes = [item["period"]["code"] for item in json.loads(command("obligations", "--all", "--json").out)["items"]]
    assert len(codes) > 100


def test_obligations_without_a_filter_are_what_the_caller_owes_now(server, command, monkeypatch):
    items = json.loads(command("obligations", "--json").out)["items"]
    assert {item["organisation"] for item in items} == {"nottingham-city-council"}
    assert {item["state"] for item in items} <= {"open", "overdue", "queried"}
    none = command("obligations", "--period", "FY2027-28-Q4", "--state", "overdue")
    assert (none.code, MEASURE in none.out) == (ExitCode.DONE, False)
    refused = command("obligations", "--state", "due")
    assert (refused.code, "not-due" in refused.err, "exempt" in refused.err) == (ExitCode.USAGE, True, True)
    monkeypatch.setenv("WORK_HEALTH_KEY", server.issue_key("inclusive-growth-commission", "submit"))
    assert command("obligations").out.startswith("inclusive-growth-commission ")
    assert json.loads(command("obligations", "--json").out) == {"items": []}


def test_stored_return_is_shown_saved_and_sent_again(command, tmp_path):
    (tmp_path / "q4.csv").write_text(FILE.replace("Q3", "Q4"))
    command("submit", "q4.csv", "--confirm-withdrawals")
    name = (MEASURE, "--period", "FY2025-26-Q4")
    assert re.search(r"E06000018, sex=female +80", command("show", *name).out)
    assert command("show", *name, "-o", "stored.csv").code == ExitCode.DONE
    assert command("show", *name, "-o", "stored.csv").code == ExitCode.USAGE
    assert "0 added, 0 changed, 4 unchanged, 0 withdrawn" in command("submit", "stored.csv").out


def test_receipt_is_printed_and_saved(command, tmp_path):
    (tmp_path / "q4.csv").write_text(FILE.replace("Q3", "Q4").replace("57", "56").replace("140", "139"))
    submitted = command("submit", "q4.csv", "--confirm-withdrawals").out
    words = submitted.splitlines()[-1].partition("work-health ")[2].split()
    assert command(*words).code == ExitCode.DONE
    receipt = json.loads((tmp_path / "receipt-FY2025-26-Q4.json").read_text())["receipt"]
    assert receipt["submission"] in words
    assert receipt["content_sha256"] in command("receipt", receipt["submission"]).out
    assert receipt["content_sha256"] == hashlib.sha256((tmp_path / "q4.csv").read_bytes()).hexdigest()
    assert receipt["submission"] in command("history", MEASURE, "--period", "FY2025-26-Q4").out


def test_next_line_repeats_the_options(command, tmp_path):
    (tmp_path / "q3.csv").write_text(FILE.replace(f"{MEASURE},FY2025-26-Q3,", ",,"))
    options = ("--measure", MEASURE, "--period", "FY2025-26-Q3")
    checked = command("--programme", SANDBOX_PROGRAMME, "check", "q3.csv", *options)
    line = f"Next: work-health --programme {SANDBOX_PROGRAMME} submit q3.csv {' '.join(options)}"
    assert checked.out.splitlines()[-1] == f"{line} --dry-run"
    assert command("--programme", SANDBOX_PROGRAMME, "submit", "q3.csv", *options, "-n").out.splitlines()[-1] == line


def test_return_is_commented_compared_and_withdrawn(command, tmp_path):
    for value in ("57", "56"):
        (tmp_path / "q2.csv").write_text(FILE.replace("Q3", "Q2").replace("57", value).replace("140", "139"))
        command("submit", "q2.csv")
    name = (MEASURE, "--period", "FY2025-26-Q2")
    assert command("comment", *name, "--text", "Two forms were late.").code == ExitCode.DONE
    history = json.loads(command("history", *name, "--json").out)
    assert "Two forms were late." in [event["text"] for event in history["events"]]
    assert "Two forms were late." in command("history", *name).out
    compared = json.loads(command("compare", *name, "--json").out)
    assert compared["newer"]["revision"] - compared["older"]["revision"] == 1
    assert command("compare", *name).out.startswith("Revision ")
    assert command("compare", *name, "--newer", "1").code == ExitCode.USAGE
    assert command("propose-redaction", *name, "--reason", "It names a person.").code == ExitCode.NOT_ALLOWED
    assert "accepted" in command("withdraw", *name, "--reason", "Wrong list.", "--dry-run").out
    withdrawn = json.loads(command("withdraw", *name, "--reason", "Wrong list.", "--json").out)
    assert withdrawn["outcome"] == "accepted"
    assert command("withdraw", MEASURE, "--period", "FY2026-27-Q4", "--reason", "x").code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("content", "cells"),
    [
        ("Ward,Women,Male,Total clients\nNottingham,80,57,140\n", 3),
        ("ORG_NAME,GENDER,MEASURE_VALUE\nNottingham,All,140\nNottingham,Female,80\nNottingham,Not known,<5\n", 3),
        ("IPS referrals, Nottingham, Q3 2025/26\n\nCouncil;Sex;Clients\nNottingham;F;80\n", 1),
    ],
    ids=["wide", "marks", "titles"],
)
def test_mapping_init_makes_an_export_a_return(command, tmp_path, content, cells):
    (tmp_path / "export.csv").write_text(content)
    drafted = command("mapping", "init", "export.csv", "--yes", "--measure", MEASURE, "--period", "FY2025-26-Q3")
    assert drafted.code == ExitCode.DONE
    assert drafted.out.splitlines()[-1] == "Next: work-health check export.csv --mapping export.toml"
    checked = json.loads(command("check", "export.csv", "--mapping", "export.toml", "--json").out)
    assert (checked["returns"], checked["cells"]) == ([f"{MEASURE} FY2025-26-Q3"], cells)
    assert command("mapping", "init", "export.csv", "--yes").code == ExitCode.USAGE


def test_open_decisions_of_a_mapping_are_refused(command, tmp_path):
    (tmp_path / "export.csv").write_text("Ward,Clients\nAspley,80\nBasford,4\nBulwel,17\nCity total,101\nDerby,5\n")
    drafted = command("mapping", "init", "export.csv", "--yes", "--measure", MEASURE, "--period", "FY2025-26-Q3")
    text = (tmp_path / "export.toml").read_text()
    numbers = [str(number) for number, line in enumerate(text.splitlines(), 1) if "TO DECIDE" in line]
    assert re.findall(r"^ +(\d+): ", drafted.out, re.MULTILINE) == numbers
    for words in (("check",), ("submit",), ("submit", "--dry-run"), ("submit", "--in-parts", "100")):
        refused = command(*words, "export.csv", "--mapping", "export.toml", "--json")
        findings = json.loads(refused.err)["findings"]
        assert (refused.code, refused.out) == (ExitCode.REJECTED, "")
        assert [re.findall(r"\d+", item["message"])[0] for item in findings] == numbers
        assert {item["code"] for item in findings} == {"undecided"}
    lines = [line.partition("  # TO DECIDE")[0].replace('"?E', '"E') for line in text.splitlines()]
    decided = "\n".join(line for line in lines if "Derby" not in line) + '\n[skip.where]\nWard = "Derby"\n'
    (tmp_path / "export.toml").write_text(decided)
    checked = command("check", "export.csv", "--mapping", "export.toml")
    assert (checked.code, 'skipped 6 "Derby" 5' in checked.out) == (ExitCode.DONE, True)


def write_activity(path: Path, period: str, *, age_total: int = 20, ward: str = "Bulwell") -> None:
    """Write a workbook as an officer exports it: a cover, wards by sex, and the age bands of the city."""
    book = openpyxl.Workbook()
    sheets = {
        "Cover": [["IPS in Primary Care - activity"], [period], ["Contact: data team."]],
        "Wards": [
            ["New referrals"], [f"Reporting period: {period}"], [], ["Locality", "Female", "Male", "Not stated", "All"],
            ["Aspley", 4, 4, 0, 8], [ward, 5, 4, 0, 9], ["Ward not known", 2, 1, 0, 3], ["City total", 11, 9, 0, 20],
            ["Outside Nottingham", 3, 2, 0, 5], [], ["Source: case system of the team, extracted in May."],
        ],
        "Age": [
            [f"Age at referral, {period}"], [], ["Age group", "Referrals"], ["16-19", 5], ["20-24", 5], ["25-34", 10],
            ["Total", age_total],
        ],
    }  # fmt: skip
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.remove(book.worksheets[0])
    book.save(path)


DECISIONS = {
    "Ward not known": '"E06000018-unknown"',
    "City total": '"E06000018"',
    "Outside Nottingham": None,
    "area": '"E06000018"',
}


def decide(path: Path) -> list[str]:
    """Decide the open lines of a mapping file, and return their keys."""
    decided = []
    keys = []
    for line in path.read_text().splitlines():
        if "TO DECIDE" in line:
            keys.append(line.split('"')[1])
            line = f'"{keys[-1]}" = {DECISIONS[keys[-1]]}'  # noqa: PLW2901 the decided line
        decided.append(re.sub(r'^("Locality" = )\[(".*)\]$', r'\1[\2, "Outside Nottingham"]', line))
    path.write_text("\n".join(line for line in decided if "None" not in line))
    return keys


def test_workbook_of_two_tables_is_one_return_in_every_quarter(command, tmp_path):
    write_activity(tmp_path / "q3.xlsx", "October to December 2025")
    drafted = command("mapping", "init", "q3.xlsx", "--yes", "-o", "ips.toml")
    assert drafted.code == ExitCode.DONE, drafted.err
    document = tomllib.loads((tmp_path / "ips.toml").read_text())
    assert ([*document["sheets"]], document["period"]["from"]) == (["Wards", "Age"], "title")
    assert all('Sheet "Cover"' in text for text in (drafted.out, (tmp_path / "ips.toml").read_text()))
    assert decide(tmp_path / "ips.toml") == [*DECISIONS]
    checked = command("check", "q3.xlsx", "-m", "ips.toml")
    assert (checked.code, f"{MEASURE} FY2025-26-Q3" in checked.out) == (ExitCode.DONE, True), checked.err
    account = " ".join(checked.out.split())
    assert all(text in account for text in ('repeated 7 "Nottingham" 20', 'skipped 9 "Outside Nottingham" 5'))
    sent = json.loads(command("submit", "q3.xlsx", "-m", "ips.toml", "-n", "--confirm-withdrawals", "--json").out)
    assert (sent["counts"]["received"], sent["rows"]["used"]) == (18, 7)

    write_activity(tmp_path / "q4.xlsx", "Jan to Mar 2026")
    checked = json.loads(command("check", "q4.xlsx", "-m", "ips.toml", "--json").out)
    assert checked["returns"] == [f"{MEASURE} FY2025-26-Q4"]
    refused = command("check", "q4.xlsx", "-m", "ips.toml", "--period", "FY2025-26-Q3", "--json")
    assert [item["code"] for item in json.loads(refused.err)["findings"]] == ["title-period"] * 2
    one = json.loads(command("check", "q4.xlsx", "-m", "ips.toml", "--sheet", "Wards", "--json").out)
    assert [item["code"] for item in one["findings"]] == ["unread-sheets"]


def test_findings_of_several_sheets_name_sheet_and_row_once(command, tmp_path):
    write_activity(tmp_path / "q3.xlsx", "October to December 2025")
    command("mapping", "init", "q3.xlsx", "--yes", "-o", "ips.toml")
    decide(tmp_path / "ips.toml")
    write_activity(tmp_path / "q3.xlsx", "October to December 2025", ward="Bulwel", age_total=999)
    refused = command("check", "q3.xlsx", "-m", "ips.toml", "--json")
    findings = {item["code"]: item for item in json.loads(refused.err)["findings"]}
    assert {code: item["rows"] for code, item in findings.items()} == {"unknown-area": [6], "different-figures": [8, 7]}
    assert findings["unknown-area"]["message"].startswith("Sheet Wards: ")
    assert {"20", "999", "Wards", "Age"} <= {*re.findall(r"\w+", findings["different-figures"]["message"])}


def test_what_a_mapping_loses_is_named(command, tmp_path):
    write_activity(tmp_path / "q3.xlsx", "October to December 2025")
    command("mapping", "init", "q3.xlsx", "--yes", "-o", "ips.toml")
    decide(tmp_path / "ips.toml")
    mapping = (tmp_path / "ips.toml").read_text()
    options = ("q3.xlsx", "-m", "lost.toml", "-n", "--confirm-withdrawals")
    (tmp_path / "lost.toml").write_text(mapping.replace('"Outside Nottingham"]', '"Bulwell"]'))
    assert json.loads(command("submit", *options, "--json").err)["findings"][0]["code"] == "unknown-area"
    (tmp_path / "lost.toml").write_text(mapping.replace('"Outside Nottingham"]', '"Outside Nottingham", "Bulwell"]'))
    lost = command("submit", *options)
    assert (lost.code, "areas-missing" in lost.out) == (ExitCode.DONE, True)
    text = " ".join(lost.out.split())
    assert all(part in text for part in ('skipped 6 "Bulwell" 9,', "Basford (E05012271);"))
    assert re.search(r"E06000018\) is 20\b.*Basford \(E05012271\)", text)
    wards = mapping.partition('[sheets."Age"]')[0]
    (tmp_path / "lost.toml").write_text(wards.replace('"Outside Nottingham"]', '"Outside Nottingham", "City total"]'))
    [finding] = json.loads(command("submit", *options, "--json").err)["findings"]
    assert (finding["code"], finding.get("rows"), 'row 8 "City total" 20' in finding["fix"]) == (
        "total-missing",
        None,
        True,
    )


def test_option_replaces_constants_of_sheets(command, tmp_path):
    write_activity(tmp_path / "q3.xlsx", "Q3")
    sheet = '[sheets."{}"]\nperiod = "{}"\narea = "E06000018"\nheader = {}\n'
    rules = f"""[constants]
measure = "{MEASURE}"
[columns]
"Age group" = "age-band"
"Referrals" = "value"
[codes.age-band]
"16-19" = "16-24"
[skip]
rows = [5, 7]
"""
    age, wards = sheet.format("Age", "FY2025-26-Q3", 3), sheet.format("Wards", "FY2025-26-Q2", 4)
    options = ("q3.xlsx", "-m", "a.toml", "--period", "FY2025-26-Q4", "--json")
    (tmp_path / "a.toml").write_text(rules + age)
    assert json.loads(command("check", *options).out)["returns"] == [f"{MEASURE} FY2025-26-Q4"]
    (tmp_path / "a.toml").write_text(rules + age + wards)
    assert command("check", *options).code == ExitCode.USAGE


def test_mapping_init_lets_a_person_choose(command, tmp_path, monkeypatch):
    (tmp_path / "export.csv").write_text("Council,Clients\nNottingham,80\n")
    questions = []
    answers = iter([MEASURE, "nothing", "1"])
    monkeypatch.setattr("typer.prompt", lambda *_, **options: questions.append(options["default"]) or next(answers))
    drafted = command("mapping", "init", "export.csv", "-o", "-")
    assert (len(questions), f'"measure" = "{MEASURE}"' in drafted.out) == (3, True)
    assert command("mapping", "init", "export.csv", "--yes", "-o", "-").code == ExitCode.USAGE
    assert json.loads(command("mapping", "schema").out)["type"] == "object"


def test_justify_answers_a_finding(command, tmp_path):
    (tmp_path / "doubt.csv").write_text(FILE.replace("Q3", "Q4").replace("57", "50"))
    doubt = command("submit", "doubt.csv", "--json")
    [finding] = json.loads(doubt.err)["findings"]
    assert f"--justify {finding['id']}=TEXT" in command("submit", "doubt.csv").err
    assert command("submit", "doubt.csv", "--dry-run", "--justify", f"{finding['id']}=Forms were lost.").code == 0
    assert command("submit", "doubt.csv", "--justify", "because").code == ExitCode.USAGE


def test_outcomes_prints_figures_in_each_format(command):
    arguments = ("outcomes", MEASURE, "--preview", "--period", "FY2025-26-Q1")
    assert re.search(rf"{MEASURE} +FY2025-26-Q1 +E06000018 +112 +p +1 of 1", command(*arguments).out)
    assert "█" in command(*arguments, "--chart").out
    assert json.loads(command(*arguments, "--json").out)["items"][0]["value"] == 112
    assert command(*arguments, "--csv").out.splitlines()[0].startswith("measure,series,kind")
    quarters = command("outcomes", MEASURE, "--preview", "--from", "FY2025-26-Q1", "--to", "FY2025-26-Q2", "--json").out
    assert [item["period"]["code"] for item in json.loads(quarters)["items"]] == ["FY2025-26-Q1", "FY2025-26-Q2"]
    assert command(*arguments, "--csv", "--json").code == ExitCode.USAGE
    assert command(*arguments, "--release", "1").code == ExitCode.USAGE
    unreleased = command("outcomes", MEASURE)
    assert (unreleased.code, "release" in unreleased.err) == (ExitCode.OTHER, True)


def test_plan_is_a_tree(command):
    result = command("plan").out
    assert "├── activities\n" in result
    assert "A2.2 Launch Good Employment Hub → O2" in result
    assert "hub-job-placements Job placements" in result
    assert len(json.loads(command("plan", "--json").out)["nodes"]) == 35


def test_help_lists_commands_and_exit_codes(command):
    result = " ".join(re.sub(r"[│╭╮╰╯─]", " ", command("--help").out).split())
    for name in ("whoami", "obligations", "template", "check", "submit", "returns", "outcomes", "plan", "profile"):
        assert name in result
    for code, meaning in EXIT_CODE_MEANINGS.items():
        assert f"{code.value} {meaning}" in result
    assert command("submit", "--help").code == ExitCode.DONE
    assert command("--version").out == "work-health 0.1.0\n"
    assert command("submitt").code == ExitCode.USAGE


def test_invalid_key_and_unreachable_server_have_exit_codes(command, monkeypatch):
    monkeypatch.setenv("WORK_HEALTH_KEY", "wh_live_nonsense")
    result = command("whoami")
    assert (result.code, "request req_" in result.err) == (ExitCode.NOT_ALLOWED, True)
    assert "nonsense" not in result.err
    monkeypatch.setattr("work_health._sync.sender.sleep", lambda _: None)
    busy = make_answer(429, {"type": "/errors/x", "title": "Busy.", "status": 429, "detail": "Later."})
    with run_faulty_server(busy) as faulty_server:
        assert command("--url", faulty_server.address, "whoami").code == ExitCode.TRY_LATER
    assert command("--url", faulty_server.address, "whoami").code == ExitCode.TRY_LATER
    assert command("--url", "nowhere", "whoami").code == ExitCode.USAGE


def test_profile_stores_the_key_and_does_not_show_it(command, server, tmp_path, monkeypatch):
    answers = iter([server.address, "wh_sandbox_wrong", server.address, server.key])
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(answers))
    assert command("profile", "save", "sandbox").code == ExitCode.NOT_ALLOWED  # the key is tried
    assert command("profile", "save", "sandbox").code == ExitCode.DONE
    with WorkHealth(profile="sandbox") as client:
        assert client.get_me().client == "Sandbox"
    with WorkHealth(base_url="http://127.0.0.1:9", profile="sandbox") as client:
        assert "Authorization" not in client._settings.headers
    config = tmp_path / "config.toml"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    monkeypatch.delenv("WORK_HEALTH_KEY")
    monkeypatch.delenv("WORK_HEALTH_URL")
    assert "Sandbox" in command("--profile", "sandbox", "whoami").out
    monkeypatch.setenv("WORK_HEALTH_PROFILE", "sandbox")
    assert "Sandbox" in command("whoami").out
    listed = command("profile", "list")
    assert f"sandbox  {server.address}" in listed.out
    assert server.key not in listed.out + command("profile", "list", "--json").out
    assert command("--profile", "life", "whoami").code == ExitCode.USAGE
    config.write_text(config.read_text() + 'colour = "red"\n')
    result = command("whoami")
    assert (result.code, "'colour'" in " ".join(result.err.split())) == (ExitCode.USAGE, True)
    config.write_text("[")
    assert command("whoami").code == ExitCode.USAGE


def test_environment_overrides_the_profile(command, server, tmp_path):
    (tmp_path / "config.toml").write_text('[default]\nurl = "http://127.0.0.1:9"\nkey = "wh_live_other"\n')
    assert "Sandbox" in command("whoami").out


@pytest.fixture
def key_in_profile(server, tmp_path, monkeypatch) -> str:
    """Return a key that only the profile `live` has."""
    key = server.issue_key("ohid", "read")
    (tmp_path / "config.toml").write_text(f'[live]\nurl = "{server.address}"\nkey = "{key}"\n')
    monkeypatch.delenv("WORK_HEALTH_KEY")
    monkeypatch.setenv("WORK_HEALTH_PROFILE", "live")
    return key


def read_profile_key(folder: Path) -> str:
    return tomllib.loads((folder / "config.toml").read_text())["live"]["key"]


def test_keys_rotate_stores_the_new_key_in_the_profile(command, key_in_profile, tmp_path):
    rotated = command("keys", "rotate", "--days", "100", "--overlap-days", "60")
    new_key = read_profile_key(tmp_path)
    assert (rotated.code, new_key == key_in_profile) == (ExitCode.DONE, False)
    assert new_key not in rotated.out + rotated.err
    assert new_key.split("_")[2] in command("whoami").out
    again = json.loads(command("keys", "rotate", "--overlap-days", "60", "--json").out)
    assert again["key"]["id"] == read_profile_key(tmp_path).split("_")[2]
    assert "secret" not in again
    refused = command("keys", "rotate")
    assert (refused.code, read_profile_key(tmp_path).split("_")[2]) == (ExitCode.CONFLICT, again["key"]["id"])


def test_keys_rotate_prints_a_key_that_it_cannot_store(command, key_in_profile, tmp_path, monkeypatch):
    """The new key exists already, so that its secret must not be lost."""
    (tmp_path / "config.toml.new").mkdir()
    failed = command("keys", "rotate", "--overlap-days", "60")
    assert (failed.code, read_profile_key(tmp_path)) == (ExitCode.USAGE, key_in_profile)
    monkeypatch.setenv("WORK_HEALTH_KEY", failed.out.strip())
    assert json.loads(command("whoami", "--json").out)["key"] == failed.out.split("_")[2]


def test_keys_rotate_prints_the_key_if_the_old_one_is_not_from_a_profile(
    command, key_in_profile, monkeypatch, tmp_path
):
    monkeypatch.setenv("WORK_HEALTH_KEY", key_in_profile)
    printed = command("keys", "rotate", "--overlap-days", "60").out.strip()
    monkeypatch.setenv("WORK_HEALTH_KEY", printed)
    document = json.loads(command("keys", "rotate", "--json").out)
    assert document["secret"].split("_")[2] == document["key"]["id"]
    assert read_profile_key(tmp_path) == key_in_profile


def test_keys_list_and_revoke(command, key_in_profile, monkeypatch):
    own_id = key_in_profile.split("_")[2]
    created = json.loads(command("keys", "rotate", "--overlap-days", "60", "--json").out)
    new_id = created["key"]["id"]
    assert re.search(rf"{new_id} +[\d-]+ +[\d-]+ +[\d-]+ [\d:]+ +in use", command("keys", "list").out)
    items = json.loads(command("keys", "list", "--json").out)["items"]
    assert [(item["id"], item["in_use"]) for item in items] == [(new_id, True), (own_id, False)]
    assert own_id in command("keys", "revoke", own_id).out
    assert command("keys", "revoke", "aaaaaaaaaa").code == ExitCode.OTHER
    monkeypatch.setattr("typer.confirm", lambda *_, **__: (_ for _ in ()).throw(typer.Abort))
    assert command("keys", "revoke", new_id).code == 1
    assert json.loads(command("keys", "revoke", new_id, "--yes", "--json").out)["revoked_at"]
    assert command("whoami").code == ExitCode.NOT_ALLOWED


def test_one_line_announces_the_end_of_a_key(command, key_in_profile, monkeypatch):
    monkeypatch.setenv("WORK_HEALTH_KEY", key_in_profile)
    assert command("keys", "rotate").code == ExitCode.DONE
    [line] = command("whoami").err.splitlines()
    assert key_in_profile.split("_")[2] in line
    assert command("whoami").err == ""  # once in a process
    monkeypatch.setattr("work_health._notices._announced_expiries", set())
    warning = json.loads(command("whoami", "--json").err)
    assert warning["warning"] == "KeyExpiresSoon"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CheckFailed("", []), ExitCode.REJECTED),
        (ApiError(404, ""), ExitCode.OTHER),
        (ConnectionFailed(), ExitCode.TRY_LATER),
        (WorkHealthError(), ExitCode.USAGE),
    ],
)
def test_error_has_its_exit_code(error, code):
    assert choose_exit_code(error) is code


def test_command_line_is_a_module_to_run(server):
    environment = os.environ | {"WORK_HEALTH_URL": server.address, "WORK_HEALTH_KEY": server.key}
    environment["PYTHONPATH"] = str(ROOT / "sdk")
    program = [sys.executable, "-m", "work_health.cli", "whoami"]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False, cwd="/")
    assert (done.returncode, "Sandbox" in done.stdout, done.stderr) == (0, True, "")
