"""Hide releases from the public role until they are published, and their contents once they are withdrawn.

The policies compare with release.read_clock(), so that a test can set the clock of its database.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CONTENTS = ("period", "figure_block", "change_block", "entry")
TABLES = ("release", *CONTENTS)

CLOCK = """
    create function release.read_clock() returns timestamptz
    language sql stable parallel safe set search_path = pg_catalog, pg_temp as 'select now()'
"""
# The policy of release.release applies to the subquery as well, so that a release under embargo does not match.
READABLE = """
    exists (
        select from release.release r
        where r.programme = {table}.programme and r.number = {table}.release and r.withdrawn_at is null
    )
"""


def upgrade() -> None:
    op.execute(CLOCK)
    op.execute("revoke all on function release.read_clock from public")
    op.execute("grant execute on function release.read_clock to work_health_public")
    for table in TABLES:
        op.execute(f"alter table release.{table} enable row level security")
        op.execute(
            f"create policy inside on release.{table} for select to work_health_app, work_health_publisher using (true)"
        )
        op.execute(f"create policy written on release.{table} for insert to work_health_publisher with check (true)")
    op.execute(
        "create policy withdrawn on release.release for update to work_health_app using (true) with check (true)"
    )
    op.execute(
        "create policy published on release.release for select to work_health_public "
        "using (published_at <= (select release.read_clock()))"
    )
    for table in CONTENTS:
        op.execute(
            f"create policy published on release.{table} for select to work_health_public "
            f"using ({READABLE.format(table=table)})"
        )


def downgrade() -> None:
    for table in TABLES:
        for policy in ("inside", "written", "published"):
            op.execute(f"drop policy {policy} on release.{table}")
        op.execute(f"alter table release.{table} disable row level security")
    op.execute("drop policy withdrawn on release.release")
    op.execute("drop function release.read_clock")
