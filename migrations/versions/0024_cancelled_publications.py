"""Let a publisher cancel a publication, and store why one failed."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

STATES = "'queued', 'running', 'published', 'rehearsed', 'refused', 'failed'"
# The application's login ends open jobs, and nothing else: the worker does the rest with a login of its own.
OPEN = "state in ('queued', 'running')"


def upgrade() -> None:
    op.add_column("publication", sa.Column("failure_reason", sa.Text()))
    _check_states(f"{STATES}, 'cancelled'")
    op.execute("grant update (state, finished_at) on publication to work_health_app")
    op.execute(
        f"create policy cancelled on publication as restrictive for update to work_health_app using ({OPEN}) "
        "with check (state = 'cancelled')"
    )


def downgrade() -> None:
    op.execute("drop policy cancelled on publication")
    op.execute("revoke update (state, finished_at) on publication from work_health_app")
    op.execute("update publication set state = 'failed' where state = 'cancelled'")
    _check_states(STATES)
    op.drop_column("publication", "failure_reason")


def _check_states(states: str) -> None:
    op.drop_constraint(op.f("publication_state_is_known_ck"), "publication")
    op.create_check_constraint(op.f("publication_state_is_known_ck"), "publication", f"state in ({states})")
