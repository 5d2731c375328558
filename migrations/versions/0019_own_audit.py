"""Let the admin of an organisation read its own audit, and that of the programme's owner read all."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

HERE = "programme = (select nullif(current_setting('work_health.programme', true), '')::int)"
OWN = "organisation = any (select unnest(string_to_array(current_setting('work_health.organisations', true), ',')::int[]))"
ALL = "(select current_setting('work_health.admin', true)) = 'on'"
ONLY_OWN = "(select current_setting('work_health.admin', true)) = 'own'"


def upgrade() -> None:
    op.execute(f"alter policy seen on audit using ({HERE} and ({ALL} or ({ONLY_OWN} and {OWN})))")


def downgrade() -> None:
    op.execute(f"alter policy seen on audit using ({HERE} and {ALL})")
