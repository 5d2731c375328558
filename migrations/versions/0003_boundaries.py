"""Create the boundaries of areas."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "boundary",
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("geometry", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("area", name=op.f("boundary_pk")),
        comment="Published boundaries by GSS code. A code means the same place in every programme.",
    )
    op.execute("grant select on boundary to work_health_app")


def downgrade() -> None:
    op.drop_table("boundary")
