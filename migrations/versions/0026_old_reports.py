"""Rewrite the reports of the first servers in today's words, so that old receipts and repeated requests can be read.

A publication that such a server left in the queue can be made as well.

Until migration 0009, servers stored reports with other names, and the first one without some parts. The
receipt, the counts and the revision in it stay as they are.
"""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ROWS_PER_BATCH = 500
OLD_NAMES = {"was": "before", "now": "after", "hint": "fix", "preview_token": "dry_run_token"}
ADDED = {"dry_run": False, "dry_run_token": None, "findings": [], "changes": [], "change_count": 0, "effects": []}
NOTHING_REQUIRED = {"required": 0, "present": 0, "missing": []}
REPORTS = f"""
    select programme, id, report from submission
    where (programme, id) > (:programme, cast(:id as uuid)) and (
        not report ?& array['dry_run', 'dry_run_token', 'changes', 'effects']
        or report::text ~ '"(was|now|hint)": |"timeliness": "timely"'
    )
    order by programme, id limit {ROWS_PER_BATCH}
"""
WRITE_REPORT = "update submission set report = cast(:report as jsonb) where programme = :programme and id = :id"
WRITE_ANSWER = """
    update idempotency set answer = convert_to(:report, 'UTF8')
    where programme = :programme and submission = :id and answer is not null
"""
# Two parameters of a publication: one has another name today, and one migration 0013 removed under its second name.
RENAME_PARAMETERS = """
    update publication
    set request = request - 'anew' - 'without' || jsonb_build_object('exclude_measures', request -> 'without')
    where request ? 'without'
"""
FIRST = {"programme": 0, "id": "00000000-0000-0000-0000-000000000000"}


def upgrade() -> None:
    connection = op.get_bind()
    last: dict[str, Any] = FIRST
    while rows := connection.execute(sa.text(REPORTS), last).mappings().all():
        for row in rows:
            written = {**row, "report": json.dumps(rewrite_report(row["report"]))}
            connection.execute(sa.text(WRITE_REPORT), written)
            connection.execute(sa.text(WRITE_ANSWER), written)
        last = {"programme": rows[-1]["programme"], "id": rows[-1]["id"]}
    op.execute(RENAME_PARAMETERS)


def downgrade() -> None:
    """Do nothing: servers of the newest earlier migrations wrote the same."""


def rewrite_report(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report with today's names, and with empty parts for those that its server did not know."""
    report = ADDED | rename_all(report)
    for submitted in report["returns"]:
        submitted.setdefault("completeness", NOTHING_REQUIRED)
        if submitted.get("timeliness") == "timely":
            submitted["timeliness"] = "grace-period"
    for finding in report["findings"]:
        content = json.dumps(finding, sort_keys=True).encode()
        finding.setdefault("id", hashlib.sha256(content).hexdigest()[:12])
    return report


def rename_all(value: Any) -> Any:
    """Rename the keys of objects, except in a breakdown, whose keys are the plan's."""
    if isinstance(value, list):
        return [rename_all(item) for item in value]
    if isinstance(value, dict):
        return {
            OLD_NAMES.get(name, name): item if name == "breakdown" else rename_all(item) for name, item in value.items()
        }
    return value
