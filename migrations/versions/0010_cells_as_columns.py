"""Store the cells of a revision as columns of its row instead of a row for each cell.

Existing cells are converted in batches that are committed one by one. A migration that was interrupted goes on where
it stopped. What servers write or redact meanwhile is converted at the end, under a lock.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FIELDS = ("area", "breakdown", "value", "numerator", "denominator", "lower", "upper", "status")
NUMBERS = FIELDS[2:-1]
STATUSES = "array['c', 'x', 'z', 'w']"
REVISIONS_PER_BATCH = 500

# The format is described in api/submissions/packed_cells.py.
UNPACK_NUMBERS = """
    create or replace function unpack_numbers(packed bytea, cells int) returns setof bigint
    language plpgsql immutable parallel safe as $$
    declare
        width constant int := octet_length(packed) / nullif(cells, 0);
        content constant bytea := packed || ''::bytea;  -- read once, not for each number
    begin
        return query
        select nullif(('x' || lpad(encode(substr(content, 1 + position * width, width), 'hex'), 16, '0'))::bit(64)::bigint, 0)
        from generate_series(0, cells - 1) position;
    end $$
"""
UNPACKED = f"""
    rows from (
        {", ".join(f"unpack_numbers(r.cell_{name}, r.cells)" for name in FIELDS)}
    ) with ordinality as c ({", ".join(FIELDS)}, position)
"""
# It runs with the rights of its reader, so that the policies of `revision` apply.
OBSERVATION = f"""
    create view observation with (security_invoker) as
    select r.programme, r."return", r.organisation, r.number, r.id as revision, a.code as area, b.key as breakdown,
        {", ".join(f"c.{name} - 1 as {name}" for name in NUMBERS)},
        ({STATUSES})[c.status] as status, r.cell_notes ->> (c.position - 1)::int::text as note
    from revision r
    cross join lateral {UNPACKED}
    join area a on a.programme = r.programme and a.id = c.area - 1
    join breakdown b on b.programme = r.programme and b.id = c.breakdown - 1
    where r.cell_area is not null
"""


def pack(number: str) -> str:
    """Return the SQL that packs a number of each row of a group, as narrow as the largest allows.

    PostgreSQL calculates all three before it chooses one, so each must be possible.
    """
    order = "order by not is_total, area, breakdown"
    return f"""
        case when max({number}) = 0 then null
             when max({number}) < 32768 then string_agg(int2send(least({number}, 32767)::int2), ''::bytea {order})
             when max({number}) < 2147483648 then string_agg(int4send(least({number}, 2147483647)::int4), ''::bytea {order})
             else string_agg(int8send({number}), ''::bytea {order}) end
    """


PACK_BATCH = f"""
    with waiting as (
        select programme, id from revision r
        where cells > 0 and cell_area is null
            and exists (select from observation o where o.programme = r.programme and o.revision = r.id)
        limit {REVISIONS_PER_BATCH}
    ), numbered as (
        select o.programme, o.revision, b.key = '' as is_total, o.area, o.breakdown,
            o.area::bigint + 1 as stored_area, o.breakdown::bigint + 1 as stored_breakdown,
            {", ".join(f"coalesce(o.{name}, -1) + 1 as stored_{name}" for name in NUMBERS)},
            coalesce(array_position({STATUSES}, o.status), 0)::bigint as stored_status, o.note,
            row_number() over (
                partition by o.programme, o.revision order by b.key <> '', o.area, o.breakdown
            ) - 1 as position
        from waiting w
        join observation o on o.programme = w.programme and o.revision = w.id
        join breakdown b on b.programme = o.programme and b.id = o.breakdown
    ), packed as (
        select programme, revision, count(*) filter (where is_total) as totals,
            jsonb_object_agg(position, note) filter (where note is not null) as notes,
            {", ".join(f"{pack(f'stored_{name}')} as {name}" for name in FIELDS)}
        from numbered group by programme, revision
    )
    update revision r set totals = p.totals, cell_notes = p.notes, {", ".join(f"cell_{n} = p.{n}" for n in FIELDS)}
    from packed p where r.programme = p.programme and r.id = p.revision
"""
UNPACK_BATCH = f"""
    insert into cell_row (programme, revision, area, breakdown, {", ".join(NUMBERS)}, status, note)
    select r.programme, r.id, c.area - 1, c.breakdown - 1, {", ".join(f"c.{name} - 1" for name in NUMBERS)},
        ({STATUSES})[c.status], r.cell_notes ->> (c.position - 1)::int::text
    from (
        select * from revision r
        where cell_area is not null
            and not exists (select from cell_row o where o.programme = r.programme and o.revision = r.id)
        limit {REVISIONS_PER_BATCH}
    ) r cross join lateral {UNPACKED}
"""
# As before, but for the cells, and findings of the code `outlier` are removed under their new name too.
REDACT = """
    create or replace function redact(in_programme int, wanted uuid) returns bytea
    language plpgsql security definer set search_path = public, pg_temp as $$
    declare
        agreed redaction;
        target revision;
        named record;
        content_hash bytea;
    begin
        select * into agreed from redaction
        where programme = in_programme and id = wanted and confirmed_by <> proposed_by and content_sha256 is null
        for update;
        if not found then
            raise insufficient_privilege using message = 'content goes only once two people have agreed, and goes once';
        end if;
        select * into strict target from revision
        where programme = in_programme and "return" = agreed."return" and number = agreed.number;
        select s.measure, s.slug, r.service, r.period into strict named
        from "return" r join series s on s.programme = r.programme and s.id = r.series
        where r.programme = in_programme and r.id = agreed."return";
        REMOVE_CONTENT
        -- Reports contain what was sent and the values before it: those of this revision and all later ones.
        with affected as (
            update submission s
            set note = null, report = s.report || '{"findings": [], "changes": [], "change_count": 0, "effects": []}'
            where s.programme = in_programme and s.organisation = agreed.organisation and exists (
                select from jsonb_array_elements(s.report -> 'returns') one
                where one ->> 'measure' = named.measure and one ->> 'series' = named.slug
                    and one ->> 'service' = named.service and one -> 'period' ->> 'code' = named.period
                    and (one ->> 'revision')::int >= agreed.number
            )
            returning s.id
        )
        update idempotency i set answer = null from affected
        where i.programme = in_programme and i.submission = affected.id;
        -- Findings against history quote values of other periods, and effects contain their sums.
        with affected as (
            update submission s
            set report = s.report || jsonb_build_object('effects', '[]'::jsonb, 'findings', (
                select coalesce(jsonb_agg(f), '[]'::jsonb) from jsonb_array_elements(s.report -> 'findings') f
                where f ->> 'code' not in ('outlier', 'unlike-earlier', 'cumulative-fell')
                    or f -> 'cell' ->> 'measure' <> named.measure or f -> 'cell' ->> 'series' <> named.slug
                    or f -> 'cell' ->> 'service' <> named.service
            ))
            where s.programme = in_programme and s.organisation = agreed.organisation
                and s.received_at >= (
                    select first.received_at from submission first
                    where first.programme = in_programme and first.id = target.submission
                )
                and exists (
                    select from jsonb_array_elements(s.report -> 'returns') one
                    where one ->> 'measure' = named.measure and one ->> 'series' = named.slug
                        and one ->> 'service' = named.service
                )
            returning s.id
        )
        update idempotency i set answer = null from affected
        where i.programme = in_programme and i.submission = affected.id;
        update return_event e set text = null
        where e.programme = in_programme and e."return" = agreed."return" and e.number = agreed.number
            and e.event not in ('redaction-proposed', 'queried');
        update return_event e set text = '(redacted)'
        where e.programme = in_programme and e."return" = agreed."return" and e.number = agreed.number
            and e.event = 'queried';
        update redaction r set content_sha256 = content_hash where r.programme = in_programme and r.id = wanted;
        return content_hash;
    end $$
"""
REMOVE_COLUMNS = f"""
        content_hash := sha256(convert_to(concat_ws(E'\\n', {", ".join(f"target.cell_{name}::text" for name in FIELDS)}, target.cell_notes::text,
                                            target.content::text, target.justifications::text, target.note), 'UTF8'));
        update revision r set note = null, content = null, justifications = '[]'::jsonb, totals = 0, cell_notes = null,
            {", ".join(f"cell_{name} = null" for name in FIELDS)}
        where r.programme = in_programme and r.id = target.id;
"""
REMOVE_ROWS = """
        select sha256(convert_to(concat_ws(E'\\n', string_agg(o::text, E'\\n' order by o.area, o.breakdown),
                                           target.content::text, target.justifications::text, target.note), 'UTF8'))
        into content_hash from observation o where o.programme = in_programme and o.revision = target.id;

        delete from observation o where o.programme = in_programme and o.revision = target.id;
        update revision r set note = null, content = null, justifications = '[]'::jsonb
        where r.programme = in_programme and r.id = target.id;
"""
COLUMNS = ("totals int not null default 0", *(f"cell_{name} bytea" for name in FIELDS), "cell_notes jsonb")
CHECKS = {
    "totals_are_cells": "totals between 0 and cells",
    **{
        f"each_cell_has_its_{name}": f"cell_{name} is null or "
        f"octet_length(cell_{name}) in (cells, 2 * cells, 4 * cells, 8 * cells)"
        for name in FIELDS
    },
    "each_cell_has_both_codes": "(cell_area is null) = (cell_breakdown is null)",
    "numbers_belong_to_cells": "cell_area is not null or "
    f"coalesce({', '.join(f'cell_{name}' for name in FIELDS[2:])}) is null",
}
# Content that was redacted after its batch had been converted.
FORGET_COLUMNS = f"""
    update revision r set totals = 0, cell_notes = null, {", ".join(f"cell_{name} = null" for name in FIELDS)}
    where cell_area is not null
        and not exists (select from observation o where o.programme = r.programme and o.revision = r.id)
"""
FORGET_ROWS = """
    delete from cell_row o using revision r
    where r.programme = o.programme and r.id = o.revision and r.cell_area is null
"""
CREATE_ROWS = """
    create table if not exists cell_row (
        programme int not null, revision bigint not null, area int not null, breakdown int not null,
        value bigint, numerator bigint, denominator bigint, lower bigint, upper bigint, status text, note text,
        constraint observation_pk primary key (programme, revision, area, breakdown),
        constraint observation_a_number_or_a_reason_ck
            check ((status is not null) = (value is null and numerator is null and denominator is null)),
        constraint observation_status_is_known_ck check (status in ('c', 'x', 'z', 'w')),
        constraint observation_value_is_a_count_ck check (value >= 0),
        constraint observation_one_form_of_number_ck check (
            (numerator is null) = (denominator is null) and (numerator is null or value is null)),
        constraint observation_ratio_is_of_counts_ck check (numerator >= 0 and denominator >= 0),
        constraint observation_bounds_are_ordered_ck check (lower >= 0 and upper >= 0 and lower <= upper),
        constraint observation_bounds_belong_to_what_is_hidden_ck
            check (status = 'c' or (lower is null and upper is null))
    )
"""
ROW_WALLS = [
    "grant insert on observation to work_health_app",
    "grant select on revision, observation to work_health_view",
    *(
        f'alter policy own on "{table}" to work_health_app, work_health_view'
        for table in ("submission", "return", "revision")
    ),
    """
    create function observation_wall() returns trigger language plpgsql as $$
    begin
        if exists (
            select from (select distinct programme, revision from written) w
            left join revision r on r.programme = w.programme and r.id = w.revision
                and r.kind = 'data'
                and r.transaction = pg_current_xact_id()
                and r.organisation = any (
                    string_to_array(current_setting('work_health.organisations', true), ',')::int[]
                )
            where r.id is null
        ) then
            raise insufficient_privilege using
                message = 'observations go only into a revision that the caller has made in this transaction';
        end if;
        if exists (
            select from (select distinct programme, area from written) w
            left join area a on a.programme = w.programme and a.id = w.area where a.id is null
        ) or exists (
            select from (select distinct programme, breakdown from written) w
            left join breakdown b on b.programme = w.programme and b.id = w.breakdown where b.id is null
        ) then
            raise foreign_key_violation using message = 'an observation names an area or breakdown unknown here';
        end if;
        return null;
    end $$
    """,
    """
    create trigger observation_wall after insert on observation
        referencing new table as written for each statement execute function observation_wall()
    """,
    """
    create view cell with (security_barrier) as
        select r."return", r.organisation, r.number, o.*
        from observation o join revision r on r.programme = o.programme and r.id = o.revision
    """,
    "alter view cell owner to work_health_view",
    "grant select on cell to work_health_app",
]


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for column in COLUMNS:
            op.execute(f"alter table revision add column if not exists {column}")
        op.execute("comment on column revision.totals is 'How many cells are totals of areas.'")
        op.execute("comment on column revision.cell_notes is 'The notes of cells, by the position of the cell.'")
        for name in FIELDS:
            # Long columns are read in parts, which compression would forbid.
            op.execute(f"alter table revision alter cell_{name} set storage external")
        _repeat(PACK_BATCH)
    op.execute("lock table revision, observation in access exclusive mode")
    _repeat(PACK_BATCH)
    op.execute(FORGET_COLUMNS)
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"revision_{name}_ck"), "revision", condition)
    op.execute("drop view cell")
    op.drop_table("observation")
    op.execute("drop function observation_wall")
    for table in ("submission", "return", "revision"):
        op.execute(f'alter policy own on "{table}" to work_health_app')
    op.execute("revoke all on revision from work_health_view")
    op.execute(UNPACK_NUMBERS)
    op.execute(OBSERVATION)
    op.execute("grant select on observation to work_health_app")
    op.execute(REDACT.replace("REMOVE_CONTENT", REMOVE_COLUMNS))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(CREATE_ROWS)
        _repeat(UNPACK_BATCH)
    op.execute("lock table revision, cell_row in access exclusive mode")
    _repeat(UNPACK_BATCH)
    op.execute(FORGET_ROWS)
    op.execute("drop view observation")
    op.execute("alter table cell_row rename to observation")
    op.execute("drop function unpack_numbers")
    op.execute(REDACT.replace("REMOVE_CONTENT", REMOVE_ROWS))
    for name in CHECKS:
        op.drop_constraint(op.f(f"revision_{name}_ck"), "revision")
    for name in ("totals", *(f"cell_{name}" for name in FIELDS), "cell_notes"):
        op.drop_column("revision", name)
    for statement in ROW_WALLS:
        op.execute(statement)


def _repeat(batch: str) -> None:
    """Run a statement until it finds nothing more to convert."""
    while op.get_bind().exec_driver_sql(batch).rowcount:
        pass
