"""The security page has the current table of access, and every test that it names exists."""

import re
from pathlib import Path

from schema.partners import Scope
from tools.access_table import PAGE_FILE, Reach, build_access_table, draw_table, list_operations

ROOT = Path(__file__).parents[2]
PAGE = PAGE_FILE.read_text()


def test_page_has_the_current_table():
    assert draw_table() in PAGE, "make contract writes it"


def test_every_operation_is_listed_once():
    names = re.findall(r"`([a-z]+(?:_[a-z]+)+)`", PAGE.partition("## What each scope allows")[2])
    assert sorted(names) == sorted(list_operations())


def test_every_promise_names_a_test_that_exists():
    rows = re.findall(r"^\| [A-Z`].*\. \| (.+) \|$", PAGE, re.MULTILINE)
    assert len(rows) >= 15
    for row in rows:
        for file in re.findall(r"`([^`]+)`", row) or [row]:
            assert (ROOT / file).is_file(), file


def test_table_separates_providers_reviewers_publishers_and_auditors():
    table, operations = build_access_table(), list_operations()
    assert set(table["get_return"].items()) >= {(Scope.READ, Reach.OWN), (Scope.REVIEW, Reach.ALL)}
    assert table["approve_return"] == dict.fromkeys(Scope, Reach.REFUSED) | {Scope.REVIEW: Reach.OTHERS}
    assert table["comment_on_return"][Scope.READ] is Reach.REFUSED
    for name, reaches in table.items():
        of_any_key = "{programme}" not in operations[name]["path"]
        assert of_any_key or Reach.YES not in {reaches[Scope.SUBMIT], reaches[Scope.READ]}
