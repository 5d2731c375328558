"""Let a change name two figures by position instead of repeating them, and write a release last.

Figures are written before their release, because the release contains their number and hash.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OF_RELEASE = {
    "release.period": "period_programme_release_fk",
    "release.figure": "figure_programme_release_fk",
    "release.change": "change_programme_release_fk",
    "protection.kept": "kept_programme_release_fk",
}
BEFORE = "What differs from the release before."
AFTER = "What differs from the release before: the positions of the figures in that release and in this one."

# A change contains the figures as they were encoded for their releases.
POSITION_UPDATES = (
    """
    update release.change set before = figure.position from release.figure
    where figure.programme = change.programme and figure.release = change.release - 1
    and figure.content = convert_to((convert_from(change.content, 'UTF8')::json->'before')::text, 'UTF8')
    """,
    """
    update release.change set after = figure.position from release.figure
    where figure.programme = change.programme and figure.release = change.release
    and figure.content = convert_to((convert_from(change.content, 'UTF8')::json->'after')::text, 'UTF8')
    """,
)


def upgrade() -> None:
    for table, constraint in OF_RELEASE.items():
        op.execute(f"alter table {table} alter constraint {constraint} deferrable")
    op.add_column("change", sa.Column("why", sa.Text(), nullable=True), schema="release")
    op.add_column("change", sa.Column("before", sa.Integer(), nullable=True), schema="release")
    op.add_column("change", sa.Column("after", sa.Integer(), nullable=True), schema="release")
    op.execute("update release.change set why = convert_from(content, 'UTF8')::json->>'why'")
    for statement in POSITION_UPDATES:
        op.execute(statement)
    op.alter_column("change", "why", nullable=False, schema="release")
    op.drop_column("change", "content", schema="release")
    op.create_table_comment("change", AFTER, existing_comment=BEFORE, schema="release")


def downgrade() -> None:
    op.create_table_comment("change", BEFORE, existing_comment=AFTER, schema="release")
    op.add_column("change", sa.Column("content", sa.LargeBinary(), nullable=True), schema="release")
    op.execute(
        """
        update release.change set content = convert_to(json_build_object(
            'measure', either->'measure', 'series', either->'series', 'period', either#>'{period,code}',
            'area', either->'area', 'breakdown', either->'breakdown',
            'before', old, 'after', new, 'why', why)::text, 'UTF8')
        from (
            select it.programme, it.release, it.position, found.old, found.new, coalesce(found.new, found.old) as either
            from release.change it
            left join release.figure b
                on b.programme = it.programme and b.release = it.release - 1 and b.position = it.before
            left join release.figure a
                on a.programme = it.programme and a.release = it.release and a.position = it.after
            cross join lateral (
                select convert_from(b.content, 'UTF8')::json as old, convert_from(a.content, 'UTF8')::json as new
            ) found
        ) figures
        where figures.programme = change.programme and figures.release = change.release
        and figures.position = change.position
        """
    )
    op.alter_column("change", "content", nullable=False, schema="release")
    for name in ("why", "before", "after"):
        op.drop_column("change", name, schema="release")
    for table, constraint in OF_RELEASE.items():
        op.execute(f"alter table {table} alter constraint {constraint} not deferrable")
