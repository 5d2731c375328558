"""Open a submission in one round trip: check the access, take the locks, and read what the submission is compared with.

Each statement of the function has a snapshot of its own, so what is read after a lock is what the lock protects.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

FIELDS = ("area", "breakdown", "value", "numerator", "denominator", "lower", "upper", "status")
TOTALS = ", ".join(f"substr(v.cell_{name}, 1, octet_length(v.cell_{name}) / v.cells * v.totals)" for name in FIELDS)
OPEN = f"""
    create function open_submission(
        in_key text, in_programme int, in_scopes text[], in_organisation text, in_version int, in_now timestamptz,
        in_represented text, in_review text, in_admin text,
        in_client uuid, in_operation text, in_idempotency_key text, in_idempotency_lock bigint, in_kept_since timestamptz,
        in_owner int, in_series int[], in_services text[], in_periods text[], in_starts date[], in_ends date[],
        in_write_lock int, in_compared_series int[], in_compared_organisation int
    ) returns table (
        part text, answer_sha256 bytea, answer bytea,
        return_id bigint, organisation int, series int, service text, period text, extended_until timestamptz,
        revision_id bigint, number int, kind text, state text, first_received_at timestamptz, content jsonb,
        justifications jsonb, note text, cells int, cell_notes text, {", ".join(f"cell_{name} bytea" for name in FIELDS)}
    ) language plpgsql as $$
    #variable_conflict use_column
    begin
        if not exists (
            select from client_key k
            join client_grant g on g.client = k.client and g.programme = in_programme
            join organisation o on o.programme = g.programme and o.id = g.organisation
            where k.id = in_key and k.revoked_at is null and k.expires_at > in_now and g.scopes = in_scopes
                and o.slug = in_organisation
                and in_version = (select max(p.number) from plan_version p where p.programme = in_programme)
        ) then
            part := 'access-changed';
            return next;
            return;
        end if;
        perform set_config('work_health.programme', in_programme::text, true),
            set_config('work_health.organisations', in_represented, true),
            set_config('work_health.review', in_review, true), set_config('work_health.admin', in_admin, true);

        if in_idempotency_key is not null then
            if not pg_try_advisory_xact_lock(in_idempotency_lock) then
                part := 'in-progress';
                return next;
                return;
            end if;
            delete from idempotency i
            where i.programme = in_programme and i.client = in_client and i.created_at <= in_kept_since;
            select i.content_sha256, i.answer into answer_sha256, answer from idempotency i
            where i.programme = in_programme and i.client = in_client and i.operation = in_operation
                and i.key = in_idempotency_key;
            if found then
                part := 'answered';
                return next;
                return;
            end if;
        end if;

        insert into "return" (programme, organisation, series, service, period, period_start, period_end)
        select in_programme, in_owner, named.*
        from unnest(in_series, in_services, in_periods, in_starts, in_ends)
            as named (series, service, period, period_start, period_end)
        order by named.series, named.service, named.period  -- two submissions must not wait for each other
        on conflict do nothing;
        perform pg_advisory_xact_lock(locked.id) from (
            select r.id from unnest(in_series, in_services, in_periods) as named (series, service, period)
            join "return" r on r.programme = in_programme and r.organisation = in_owner and r.series = named.series
                and r.service = named.service and r.period = named.period
            order by r.id
        ) as locked;
        -- Readers of the past wait for the holders of this lock.
        perform pg_advisory_xact_lock_shared(in_write_lock, in_programme);

        return query
        select 'current', null::bytea, null::bytea,
            r.id, r.organisation, r.series, r.service, r.period, (
                select max(e.until) from extension e
                where e.programme = in_programme and e.organisation = in_owner and e.series = r.series
                    and e.service = r.service and e.period = r.period
            ),
            v.id, v.number, v.kind, (
                select e.state from return_event e
                where e.programme = in_programme and e."return" = r.id and e.number = v.number and e.state is not null
                order by e.position desc limit 1
            ), (
                select min(s.received_at)
                from revision earlier join submission s on s.programme = earlier.programme and s.id = earlier.submission
                where earlier.programme = in_programme and earlier."return" = r.id
            ),
            v.content, v.justifications, v.note, v.cells, v.cell_notes::text, {", ".join(f"v.cell_{name}" for name in FIELDS)}
        from unnest(in_series, in_services, in_periods) as named (series, service, period)
        join "return" r on r.programme = in_programme and r.organisation = in_owner and r.series = named.series
            and r.service = named.service and r.period = named.period
        left join lateral (
            select * from revision v where v.programme = in_programme and v."return" = r.id
            order by v.number desc limit 1
        ) v on true;

        return query
        select 'compared', null::bytea, null::bytea,
            r.id, r.organisation, r.series, r.service, r.period, null::timestamptz,
            v.id, v.number, v.kind, null, null::timestamptz, null::jsonb, null::jsonb, null, v.totals, null, {TOTALS}
        from "return" r
        cross join lateral (
            select * from revision v where v.programme = in_programme and v."return" = r.id
            order by v.number desc limit 1
        ) v
        where r.programme = in_programme and r.series = any(in_compared_series)
            and (in_compared_organisation is null or r.organisation = in_compared_organisation)
        order by r.period_start, r.service;
    end $$
"""


def upgrade() -> None:
    op.execute(OPEN)
    op.execute("revoke all on function open_submission from public")
    op.execute("grant execute on function open_submission to work_health_app")


def downgrade() -> None:
    op.execute("drop function open_submission")
