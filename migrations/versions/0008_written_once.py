"""Check once for each statement, instead of each row, that nothing is added to a written release.

A foreign key looked up the same release 340,000 times for 170,000 figures and as many changes. That was a quarter of the
time for publishing them. The foreign key of the periods still checks that the release exists.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OF_RELEASE = {"figure": "figure_programme_release_fk", "change": "change_programme_release_fk"}
WRITTEN_ONCE = """
    create function release.written_once() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
        if exists (
            select from (select distinct programme, release from written) w
            join release.release r on r.programme = w.programme and r.number = w.release
        ) then
            raise insufficient_privilege using message = 'nothing is added to a release that is written';
        end if;
        return null;
    end $$
"""


def upgrade() -> None:
    op.execute(WRITTEN_ONCE)
    op.execute("revoke all on function release.written_once from public")
    for table, constraint in OF_RELEASE.items():
        op.drop_constraint(constraint, table, schema="release")
        op.execute(
            f"create trigger written_once after insert on release.{table} "
            "referencing new table as written for each statement execute function release.written_once()"
        )
    # Its rows are deleted after a publication and are compressed already.
    op.execute("alter table protection.step alter column content set storage external")


def downgrade() -> None:
    op.execute("alter table protection.step alter column content set storage extended")
    for table, constraint in OF_RELEASE.items():
        op.execute(f"drop trigger written_once on release.{table}")
        op.create_foreign_key(
            constraint,
            table,
            "release",
            ["programme", "release"],
            ["programme", "number"],
            source_schema="release",
            referent_schema="release",
            deferrable=True,
        )
    op.execute("drop function release.written_once")
