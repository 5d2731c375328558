"""Count the requests of each caller in a minute, over all server processes."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rate_count",
        sa.Column("bucket", sa.LargeBinary(), nullable=False, comment="A hash of a key or an address."),
        sa.Column("window", sa.Integer(), nullable=False, comment="The minute, counted from 1970."),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "window", name=op.f("rate_count_pk")),
        comment="Requests of the current minute. A crash of the database empties it.",
        prefixes=["UNLOGGED"],
    )
    op.execute("grant select, insert, update, delete on rate_count to work_health_app")


def downgrade() -> None:
    op.drop_table("rate_count")
