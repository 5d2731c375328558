"""Record the caller's own id of a request in the audit, next to the server's."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

COLUMNS = "(programme, action, organisation, request_id, subject)\n        select g.programme, in_action, g.organisation, in_request, "
ALL_COLUMNS = COLUMNS.replace("subject", "client_request_id, subject") + (
    "nullif(current_setting('work_health.client_request_id', true), ''), "
)
REPLACE_COLUMNS = """
    do $$ begin
        execute replace(pg_get_functiondef('audit_key'::regproc), $old${old}$old$, $new${new}$new$);
    end $$
"""


def upgrade() -> None:
    op.add_column(
        "audit", sa.Column("client_request_id", sa.Text(), nullable=True, comment="The caller's own id of the request.")
    )
    op.execute(REPLACE_COLUMNS.format(old=COLUMNS, new=ALL_COLUMNS))


def downgrade() -> None:
    op.execute(REPLACE_COLUMNS.format(old=ALL_COLUMNS, new=COLUMNS))
    op.drop_column("audit", "client_request_id")
