"""Write the table of access into docs/security.md: what a key may do by operation and scope, and on whose returns.

The contract declares the scopes of each operation. The walk in `tests/faults/test_walk.py` calls every operation with
every kind of key and compares the responses with this table.
"""

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from schema.partners import Scope

CONTRACT_FILE = ROOT / "openapi.yaml"
PAGE_FILE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- table of access: `make contract` writes it -->\n", "<!-- end of the table -->\n"
METHODS = ("get", "post", "put", "patch", "delete")


class Reach(StrEnum):
    """The extent of what a scope allows in an operation."""

    REFUSED = "–"
    YES = "yes"  # the operation concerns no organisation's data
    OWN = "own"
    ALL = "all"
    OTHERS = "others"


REACH_BY_SCOPE = {
    Scope.SUBMIT: Reach.OWN,
    Scope.READ: Reach.OWN,
    Scope.REVIEW: Reach.ALL,
    Scope.PUBLISH: Reach.YES,
    Scope.ADMIN: Reach.YES,
}
# Nobody decides on a return of their own organisation.
DECISIONS = frozenset(
    {
        *("approve_return", "raise_query", "reopen_return", "clear_entries_for_release"),
        *("propose_redaction", "confirm_redaction", "grant_extension", "decide_exemption"),
    }
)

AccessTable = dict[str, dict[Scope, Reach]]


def list_operations() -> dict[str, dict[str, Any]]:
    """Return each operation of the contract by its id, with its method and path."""
    paths = msgspec.yaml.decode(CONTRACT_FILE.read_bytes())["paths"]
    return {
        item[method]["operationId"]: item[method] | {"method": method, "path": path}
        for path, item in paths.items()
        for method in METHODS
        if method in item
    }


def build_access_table() -> AccessTable:
    """Return what each scope allows, for the operations that need a key."""
    return {
        name: {scope: find_reach(name, scope, operation.get("x-scopes", [])) for scope in Scope}
        for name, operation in list_operations().items()
        if operation.get("security")
    }


def find_reach(operation: str, scope: Scope, scopes: list[str]) -> Reach:
    if not scopes:
        return Reach.YES
    if scope not in scopes:
        return Reach.REFUSED
    return Reach.OTHERS if operation in DECISIONS else REACH_BY_SCOPE[scope]


def draw_table() -> str:
    """Return the table as Markdown, and the operations that need no key."""
    table = build_access_table()
    open_operations = [f"`{name}`" for name in list_operations() if name not in table]
    rows = [f"| `{name}` | {' | '.join(table[name][scope] for scope in Scope)} |" for name in table]
    head = ["| operation | " + " | ".join(f"`{scope}`" for scope in Scope) + " |", "|---" * (len(Scope) + 1) + "|"]
    return "\n".join([*head, *rows, "", f"These operations need no key: {', '.join(open_operations)}."]) + "\n"


def replace_table(page: str) -> str:
    """Return the page with the current table."""
    return re.sub(f"(?<={re.escape(BEGIN)}).*?(?={re.escape(END)})", "\n" + draw_table() + "\n", page, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE_FILE.write_text(replace_table(PAGE_FILE.read_text()))
