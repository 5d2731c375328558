"""Give the role that publishes its own rights, fix the search path of functions, and let the database sign the audit.

The role that publishes was a member of the application's role. `migrate` ends that, and lets each role log in.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

READ_TO_PUBLISH = (
    'programme, plan_version, organisation, series, area, breakdown, "return", revision, return_event, obligation, '
    "extension, exemption, publication"
)
# Policies decide which rows; grants decide which tables.
ALTER_POLICIES = """
    do $$
    declare
        policy record;
    begin
        for policy in
            select policyname, tablename from pg_policies where schemaname = 'public' and 'work_health_app' = any(roles)
        loop
            execute format('alter policy %I on %I to {roles}', policy.policyname, policy.tablename);
        end loop;
    end $$
"""
# The time is that of the database and the client that of the transaction, not those of the statement. The operator and
# the worker have no client.
SIGN = """
    create function sign_audit() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
    begin
        new.at := clock_timestamp();
        new.client := nullif(current_setting('work_health.client', true), '')::uuid;
        new.key := nullif(current_setting('work_health.key', true), '');
        return new;
    end $$
"""
SETTINGS = "set_config('work_health.admin', in_admin, true)"
SIGNED_SETTINGS = (
    f"{SETTINGS}, set_config('work_health.client', in_client::text, true), set_config('work_health.key', in_key, true)"
)
REPLACE_SETTINGS = """
    do $$
    declare
        definition constant text := pg_get_functiondef('open_submission'::regproc);
    begin
        execute replace(definition, $old${old}$old$, $new${new}$new$);
    end $$
"""
FIXED = {"open_submission": "public, pg_temp", "unpack_numbers": "pg_catalog, pg_temp"}


def upgrade() -> None:
    op.execute(ALTER_POLICIES.format(roles="work_health_app, work_health_publisher"))
    op.execute(f"grant select on {READ_TO_PUBLISH} to work_health_publisher")
    op.execute("grant select on observation to work_health_publisher")
    op.execute("grant insert on audit to work_health_publisher")
    op.execute(REPLACE_SETTINGS.format(old=SETTINGS, new=SIGNED_SETTINGS))
    for function, path in FIXED.items():
        op.execute(f"alter function {function} set search_path = {path}")
    op.execute(SIGN)
    op.execute("revoke all on function sign_audit from public")
    op.execute("create trigger signed before insert on audit for each row execute function sign_audit()")


def downgrade() -> None:
    op.execute("drop trigger signed on audit")
    op.execute("drop function sign_audit")
    for function in FIXED:
        op.execute(f"alter function {function} reset search_path")
    op.execute(REPLACE_SETTINGS.format(old=SIGNED_SETTINGS, new=SETTINGS))
    op.execute("revoke insert on audit from work_health_publisher")
    op.execute("revoke select on observation from work_health_publisher")
    op.execute(f"revoke select on {READ_TO_PUBLISH} from work_health_publisher")
    op.execute(ALTER_POLICIES.format(roles="work_health_app"))
    op.execute("grant work_health_app to work_health_publisher")
