"""Store the base to which the counts of a return are rounded."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("revision", sa.Column("rounded_to", sa.Integer(), comment="The base of rounding, if it is declared."))


def downgrade() -> None:
    op.drop_column("revision", "rounded_to")
