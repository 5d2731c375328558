"""Let clients replace and revoke their own keys, through functions that also write the audit.

The application's login still cannot insert or change a key. Its functions act for the client and the key to which the
transaction is bound, as long as that key is valid. The functions of the operator have no such limit and no grant.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

AUDIT = """
    create function audit_key(in_action text, in_key text, in_request text, in_more jsonb default '{}') returns void
    language sql set search_path = public, pg_temp as $$
        insert into audit (programme, action, organisation, request_id, subject)
        select g.programme, in_action, g.organisation, in_request, jsonb_build_object(
            'key', k.id, 'client', c.name, 'person', c.person, 'scopes', array_to_string(g.scopes, ' ')
        ) || in_more
        from client_key k join client c on c.id = k.client join client_grant g on g.client = k.client
        where k.id = in_key
    $$
"""
REPLACE = """
    create function replace_key(
        in_replaced text, in_key text, in_digest bytea, in_now timestamptz, in_expires_at timestamptz,
        in_overlap_ends_at timestamptz, in_request text
    ) returns boolean language plpgsql set search_path = public, pg_temp as $$
    declare
        in_client uuid;
    begin
        update client_key set expires_at = least(expires_at, in_overlap_ends_at)
        where id = in_replaced and revoked_at is null and expires_at > in_now returning client into in_client;
        if not found then
            return false;
        end if;
        insert into client_key (id, client, digest, created_at, expires_at)
        values (in_key, in_client, in_digest, in_now, in_expires_at);
        perform audit_key('key.issued', in_key, in_request, jsonb_build_object('replaces', in_replaced));
        return true;
    end $$
"""
REVOKE = """
    create function revoke_key(in_key text, in_now timestamptz, in_request text) returns boolean
    language plpgsql set search_path = public, pg_temp as $$
    begin
        update client_key set revoked_at = in_now where id = in_key and revoked_at is null;
        if not found then
            return false;
        end if;
        perform audit_key('key.revoked', in_key, in_request);
        return true;
    end $$
"""
OWN = """
    create function own_keys(in_now timestamptz) returns setof text
    language sql set search_path = public, pg_temp as $$
        select k.id from client_key used join client_key k on k.client = used.client
        where used.id = nullif(current_setting('work_health.key', true), '')
            and used.client = nullif(current_setting('work_health.client', true), '')::uuid
            and used.revoked_at is null and used.expires_at > in_now
    $$
"""
REPLACE_OWN = """
    create function replace_own_key(
        in_key text, in_digest bytea, in_now timestamptz, in_expires_at timestamptz, in_overlap_ends_at timestamptz,
        in_request text
    ) returns boolean language sql security definer set search_path = public, pg_temp as $$
        select case when exists (select from own_keys(in_now)) then replace_key(
            current_setting('work_health.key'), in_key, in_digest, in_now, in_expires_at, in_overlap_ends_at, in_request
        ) else false end
    $$
"""
REVOKE_OWN = """
    create function revoke_own_key(in_key text, in_now timestamptz, in_request text) returns boolean
    language sql security definer set search_path = public, pg_temp as $$
        select case when in_key in (select own_keys(in_now)) then revoke_key(in_key, in_now, in_request)
        else false end
    $$
"""
FUNCTIONS = {
    "audit_key": AUDIT,
    "replace_key": REPLACE,
    "revoke_key": REVOKE,
    "own_keys": OWN,
    "replace_own_key": REPLACE_OWN,
    "revoke_own_key": REVOKE_OWN,
}


def upgrade() -> None:
    for name, definition in FUNCTIONS.items():
        op.execute(definition)
        op.execute(f"revoke all on function {name} from public")
    op.execute("grant execute on function replace_own_key, revoke_own_key to work_health_app")


def downgrade() -> None:
    for name in reversed(FUNCTIONS):
        op.execute(f"drop function {name}")
