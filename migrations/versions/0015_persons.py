"""Record the person that each key was issued to, and count persons where two people must agree.

Until now a client had only a name. The person of the existing keys is their name.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

PROPOSAL = 'programme, id, "return", organisation, number, reason, proposed_by, proposed_person, proposed_at'


def upgrade() -> None:
    op.add_column("client", sa.Column("person", sa.Text(), nullable=True, comment="Whom its keys were issued to."))
    op.execute("update client set person = name")
    op.alter_column("client", "person", nullable=False)
    for name in ("proposed_person", "confirmed_person"):
        op.add_column("redaction", sa.Column(name, sa.Text(), nullable=True))
    # Two clients of the same name may have agreed before. Their ids make them different.
    op.execute("""
        update redaction r set proposed_person = proposer.name, confirmed_person = (
            select case when lower(c.name) = lower(proposer.name) then c.name || ' ' || c.id else c.name end
            from client c where c.id = r.confirmed_by
        )
        from client proposer where proposer.id = r.proposed_by
    """)
    op.alter_column("redaction", "proposed_person", nullable=False)
    op.create_check_constraint(
        op.f("redaction_two_persons_ck"), "redaction", "lower(proposed_person) <> lower(confirmed_person)"
    )
    op.create_check_constraint(
        op.f("redaction_confirmed_by_a_person_ck"), "redaction", "(confirmed_by is null) = (confirmed_person is null)"
    )
    # A redaction cannot be inserted as if it were confirmed.
    op.execute("revoke insert on redaction from work_health_app")
    op.execute(f"grant insert ({PROPOSAL}) on redaction to work_health_app")
    op.execute("grant update (confirmed_person) on redaction to work_health_app")


def downgrade() -> None:
    op.execute("revoke insert on redaction from work_health_app")
    op.drop_constraint(op.f("redaction_confirmed_by_a_person_ck"), "redaction")
    op.drop_constraint(op.f("redaction_two_persons_ck"), "redaction")
    op.drop_column("redaction", "confirmed_person")
    op.drop_column("redaction", "proposed_person")
    op.drop_column("client", "person")
    op.execute("grant insert on redaction to work_health_app")
