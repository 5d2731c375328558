"""Announce every change of the releases, so that processes keep them in memory."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ANNOUNCE = """
    create function release.announce() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
    begin
        perform pg_notify('release', '');
        return null;
    end $$
"""


def upgrade() -> None:
    op.execute(ANNOUNCE)
    op.execute("revoke all on function release.announce from public")
    op.execute(
        "create trigger announce after insert or update or delete or truncate on release.release "
        "for each statement execute function release.announce()"
    )


def downgrade() -> None:
    op.execute("drop trigger announce on release.release")
    op.execute("drop function release.announce")
