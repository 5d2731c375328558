"""Protect each organisation's counts separately: store contributions, and forget the histories of combined counts.

Plans get the new rules with a higher policy version. Releases that exist keep the policy that protected them, and the
sentences that explain it. Going back is refused once there is a release, because the older method would display the
same counts a second time without knowing how they were displayed.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Both are as they were in code when this migration was written.
OLD_PERSONS: dict[str, Any] = {
    "hide_from": 0,
    "hide_to": 7,
    "totals_open": False,
    "base": 5,
    "hold_back": 5,
    "smallest_after_shift": 10,
    "width": 4,
    "smallest_denominator": 20,
    "whole_percent_below": 100,
    "audit_providers": True,
    "protect_complements": True,
    "shift": True,
    "rates_from_displayed": True,
}
OLD_OPEN = {"base": 1, "hold_back": 1, "smallest_after_shift": 0, "smallest_denominator": 1}
OLD_RULES: dict[str, dict[str, Any]] = {
    "persons": OLD_PERSONS,
    "organisations": OLD_PERSONS | OLD_OPEN | {"hide_from": 1, "hide_to": 2, "totals_open": True, "width": 1},
    "published": OLD_PERSONS | OLD_OPEN | {"hide_to": -1, "width": 0},
    "none": OLD_PERSONS | OLD_OPEN | {"hide_to": -1, "width": 0},
}
NEW_PERSONS: dict[str, Any] = {
    "base": 5,
    "far_share": 0.03,
    "hold_back": 8,
    "largest_small": 7,
    "largest_small_change": 4,
    "width": 4,
    "totals_open": False,
    "hide_below": 10,
    "smallest_denominator": 20,
    "whole_percent_below": 100,
}
NEW_OPEN = NEW_PERSONS | {
    "base": 1,
    "far_share": 0,
    "hold_back": 1,
    "largest_small": 0,
    "largest_small_change": 0,
    "width": 0,
    "hide_below": 0,
    "smallest_denominator": 1,
}
NEW_RULES: dict[str, dict[str, Any]] = {
    "persons": NEW_PERSONS,
    "organisations": NEW_PERSONS
    | {
        "base": 3,
        "far_share": 0,
        "hold_back": 4,
        "largest_small": 2,
        "largest_small_change": 2,
        "width": 1,
        "totals_open": True,
        "hide_below": 3,
        "smallest_denominator": 1,
    },
    "published": NEW_OPEN,
    "none": NEW_OPEN,
}

FORGET = """
    create function protection.forget_counts() returns trigger
    language plpgsql security definer set search_path = protection, public, pg_temp as $$
    begin
        -- A release that is being written locks its contributions. The next statement then sees what it released.
        perform 1 from contribution c join contribution other
            on other.programme = c.programme and other.organisation = c.organisation and other.scope = c.scope
        join revision r on r.programme = other.programme and other.revisions @> array[r.id]
        where c.programme = new.programme and r."return" = new."return" and r.number = new.number
        order by c.id for update of c;
        with gone as (
            select distinct c.organisation, c.scope
            from contribution c join revision r on r.programme = c.programme and c.revisions @> array[r.id]
            where c.programme = new.programme and r."return" = new."return" and r.number = new.number
        ), kept as (
            update contribution c set counts = null from gone
            where c.programme = new.programme and c.organisation = gone.organisation and c.scope = gone.scope
                and c.release is not null
        )
        delete from contribution c using gone
        where c.programme = new.programme and c.organisation = gone.organisation and c.scope = gone.scope
            and c.release is null;
        return null;
    end $$
"""
REMOVE_OLD_FAILURES = """
    update publication set failures = (
        select coalesce(jsonb_agg(failure order by position), '[]')
        from jsonb_array_elements(failures) with ordinality as listed (failure, position)
        where failure ->> 'code' in ('geography-changed', 'scope-changed')
    )
    where failures <> '[]'
"""
"""The other reasons for a refusal no longer exist, so the contract has no code for them."""
FORGET_TRIGGER = """
    create trigger redaction_forgets_counts after update of content_sha256 on redaction
    for each row when (old.content_sha256 is null and new.content_sha256 is not null)
    execute function protection.forget_counts()
"""


def upgrade() -> None:
    create_contributions()
    op.execute(FORGET)
    op.execute("revoke execute on function protection.forget_counts() from public")
    op.execute(FORGET_TRIGGER)
    op.execute("""
        insert into protection.inputs (programme, publication, content)
        select programme, publication, content from protection.step where scope = ''
    """)
    op.drop_table("step", schema="protection")
    op.drop_table("kept", schema="protection")
    op.alter_column("publication", "scopes", new_column_name="contributions")
    op.execute("update publication set request = request - 'republish'")
    op.execute(REMOVE_OLD_FAILURES)
    replace_rules(NEW_RULES, version=1)
    op.add_column("release", sa.Column("explanations", JSONB(), nullable=True), schema="release")
    connection = op.get_bind()
    for programme, number, policy in connection.execute(
        sa.text("select programme, number, policy from release.release")
    ).all():
        explanations = {name: explain(policy.get(name, rule)) for name, rule in OLD_RULES.items()}
        connection.execute(
            sa.text(
                "update release.release set explanations = :it where programme = :programme and number = :number"
            ).bindparams(sa.bindparam("it", type_=JSONB())),
            {"it": explanations, "programme": programme, "number": number},
        )
    op.alter_column("release", "explanations", nullable=False, schema="release")


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("select exists (select from release.release)")):
        raise RuntimeError("A release exists. The older method would display its counts a second time.")
    op.drop_column("release", "explanations", schema="release")
    replace_rules(OLD_RULES, version=-1)
    op.alter_column("publication", "contributions", new_column_name="scopes")
    create_steps()
    op.execute("""
        insert into protection.step (programme, publication, scope, content)
        select programme, publication, '', content from protection.inputs
    """)
    op.execute("drop trigger redaction_forgets_counts on redaction")
    op.execute("drop function protection.forget_counts()")
    op.drop_table("contribution", schema="protection")
    op.drop_table("inputs", schema="protection")


def replace_rules(rules: dict[str, dict[str, Any]], *, version: int) -> None:
    """Replace the rules of all plans, and add to the version of their policy."""
    connection = op.get_bind()
    statement = sa.text("""
        update plan_version set content = jsonb_set(content, '{disclosure}', (content -> 'disclosure') || :rules
            || jsonb_build_object('version', greatest((content -> 'disclosure' ->> 'version')::int + :more, 1)))
        where content ? 'disclosure'
    """).bindparams(sa.bindparam("rules", type_=JSONB()))
    connection.execute(statement, {"rules": rules, "more": version})


def explain(rule: dict[str, Any]) -> str:
    """Return the sentence that releases had until now."""
    rule = OLD_PERSONS | rule
    lowest, highest, base = rule["hide_from"], rule["hide_to"], rule["base"]
    if highest < lowest:
        return "The figures are shown without protection."
    band = f"a count of {highest} is" if lowest == highest else f"counts of {lowest} to {highest} are"
    others = f"all other counts are rounded to the nearest {base}" if base > 1 else "all others are exact"
    place = " in breakdowns" if rule["totals_open"] else ""
    return (
        f"To protect the people counted, {band} shown as [c]{place}; {others}. Some other figures are withheld, "
        "so that nobody can calculate the hidden ones. Percentages are calculated from the displayed figures."
    )


def create_contributions() -> None:
    op.create_table(
        "inputs",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("publication", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme", "publication"],
            ["publication.programme", "publication.id"],
            name=op.f("inputs_programme_publication_fk"),
        ),
        sa.PrimaryKeyConstraint("programme", "publication", name=op.f("inputs_pk")),
        schema="protection",
        comment="The revisions that a publication uses, however often it starts again. Deleted when it ends.",
    )
    op.create_table(
        "contribution",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column(
            "scope", sa.Text(), nullable=False, comment="Measure, series and period, or the periods between two resets."
        ),
        sa.Column("position", sa.Integer(), nullable=False, comment="How many released contributions come before it."),
        sa.Column("inputs", sa.LargeBinary(), nullable=False, comment="A hash of the returns, the cells and the rule."),
        sa.Column("revisions", ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("release", sa.Integer(), comment="The first release that displays it; null if none does yet."),
        sa.Column(
            "content", sa.LargeBinary(), nullable=False, comment="Displayed counts, draws and masks, as packed columns."
        ),
        sa.Column("counts", sa.LargeBinary(), comment="True counts, as a packed column. A redaction deletes them."),
        sa.Column("left_out", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme", "organisation"],
            ["organisation.programme", "organisation.id"],
            name=op.f("contribution_programme_organisation_fk"),
        ),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("contribution_pk")),
        sa.UniqueConstraint(
            "programme",
            "organisation",
            "scope",
            "position",
            "inputs",
            name=op.f("contribution_continues_once_uq"),
        ),
        schema="protection",
        comment="What organisations contribute to releases. Only the role that publishes reads it.",
    )
    op.execute("grant select, insert, update, delete on all tables in schema protection to work_health_publisher")
    op.execute('grant select (programme, "return", number, content_sha256) on redaction to work_health_publisher')


def create_steps() -> None:
    op.create_table(
        "step",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("publication", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme", "publication"],
            ["publication.programme", "publication.id"],
            name=op.f("step_programme_publication_fk"),
        ),
        sa.PrimaryKeyConstraint("programme", "publication", "scope", name=op.f("step_pk")),
        schema="protection",
        comment="What a publication has done so far, so that it goes on where it broke. Deleted when it ends.",
    )
    op.create_table(
        "kept",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme", "release"],
            ["release.release.programme", "release.release.number"],
            name=op.f("kept_programme_release_fk"),
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("programme", "scope", "release", name=op.f("kept_pk")),
        schema="protection",
        comment="True counts and displays of each release, for the audits of later ones.",
    )
    op.execute("alter table protection.step alter column content set storage external")
    op.execute("grant select, insert, update, delete on all tables in schema protection to work_health_publisher")
