"""Convert plans in which a measure has one `target` to `targets`, each with its period."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A target without a period applied to the end of the programme.
    op.execute(
        r"""
        update plan_version set content = jsonb_set(content, '{measures}', (
            select jsonb_agg(
                case when one->>'target' is null then one - 'target'
                else (one - 'target') || jsonb_build_object('targets', jsonb_build_array(jsonb_build_object(
                    'period',
                    'P' || left(content#>>'{window,start}', 7) || '..' || left(content#>>'{window,end}', 7),
                    'value', one->'target',
                    'basis', 'proposed')))
                end order by place)
            from jsonb_array_elements(content->'measures') with ordinality as measures(one, place)))
        where content @? '$.measures[*].target'
        """
    )


def downgrade() -> None:
    """Do nothing: the earlier version can read converted plans."""
