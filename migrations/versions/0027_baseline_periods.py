"""Convert plans in which a baseline is a number to baselines with a period."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A baseline without a period was the value before the programme: that of the year that ends when it begins.
    op.execute(
        r"""
        update plan_version set content = jsonb_set(content, '{measures}', (
            select jsonb_agg(
                case when jsonb_typeof(one->'baseline') = 'number'
                then one || jsonb_build_object('baseline', jsonb_build_object(
                    'period',
                    'R12-' || to_char((content#>>'{window,start}')::date - interval '1 month', 'YYYY-MM'),
                    'value', one->'baseline',
                    'basis', 'proposed'))
                else one end order by place)
            from jsonb_array_elements(content->'measures') with ordinality as measures(one, place)))
        where content @? '$.measures[*].baseline ? (@.type() == "number")'
        """
    )


def downgrade() -> None:
    op.execute(
        r"""
        update plan_version set content = jsonb_set(content, '{measures}', (
            select jsonb_agg(
                case when jsonb_typeof(one->'baseline') = 'object'
                then one || jsonb_build_object('baseline', one#>'{baseline,value}')
                else one end order by place)
            from jsonb_array_elements(content->'measures') with ordinality as measures(one, place)))
        where content @? '$.measures[*].baseline ? (@.type() == "object")'
        """
    )
