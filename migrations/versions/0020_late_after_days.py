"""Rename `timely_days` to `late_after_days` in the calendars of stored plans: the first servers wrote the old name."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        update plan_version set content = jsonb_set(content, '{calendar}', (content -> 'calendar') - 'timely_days'
            || jsonb_build_object('late_after_days', content -> 'calendar' -> 'timely_days'))
        where content -> 'calendar' ? 'timely_days'
        """
    )


def downgrade() -> None:
    """Do nothing: servers of the earlier migrations wrote both names."""
