-- The walls of this database, each as the statement that builds it. Run with search_path = pg_catalog and the roles of
-- the software as $1. `:owner` is the role that owns most tables. Superusers are not listed: nothing restricts them.
with
ours as (select oid, rolname from pg_roles where rolname = any($1)),
superusers as (select oid from pg_roles where rolsuper),
schemas as (
    select oid, nspname, nspowner, nspacl from pg_namespace
    where nspname in ('public', 'release', 'protection', 'queue')
),
extension_objects as (select classid, objid from pg_depend where deptype = 'e'),
relations as (
    select c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.reloptions, c.relrowsecurity, c.relforcerowsecurity,
        format('%I.%I', s.nspname, c.relname) as name,
        case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view' else 'table' end
            as kind
    from pg_class c join schemas s on s.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        and not exists (select from extension_objects e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
),
functions as (
    select p.oid, p.proowner, p.proacl, p.proconfig, p.prosecdef,
        format('%I.%I(%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name
    from pg_proc p join schemas s on s.oid = p.pronamespace
    where not exists (select from extension_objects e where e.classid = 'pg_proc'::regclass and e.objid = p.oid)
),
owner as (select mode() within group (order by relowner) as oid from relations),
-- Every right that somebody other than the owner of the object has.
rights as (
    select acl.*, 'schema ' || quote_ident(s.nspname) as object, null::name as column_name, nspowner as object_owner
    from schemas s, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) acl
    union all
    select acl.*, case relkind when 'S' then 'sequence ' else 'table ' end || name, null, relowner
    from relations, aclexplode(coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))) acl
    union all
    select acl.*, 'table ' || name, a.attname, relowner
    from relations join pg_attribute a on a.attrelid = relations.oid and not a.attisdropped, aclexplode(a.attacl) acl
    union all
    select acl.*, 'function ' || name, null, proowner
    from functions, aclexplode(coalesce(proacl, acldefault('f', proowner))) acl
    union all
    select acl.*, 'database', null, datdba
    from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) acl
    where datname = current_database() and acl.privilege_type <> 'CONNECT'
        and (acl.grantee = 0 or acl.grantee in (select oid from ours))
    union all
    select acl.*, 'every later object of type ' || defaclobjtype::text, null, defaclrole
    from pg_default_acl d, aclexplode(defaclacl) acl
    where (defaclnamespace = 0 or defaclnamespace in (select oid from schemas)) and defaclrole in (select oid from owner)
),
owned as (
    select 'schema ' || quote_ident(nspname) as object, nspowner as role from schemas where nspname <> 'public'
    union all
    select kind || ' ' || name, relowner from relations
    where not exists ( -- a sequence of a column always has the owner of the table
        select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = oid and d.deptype in ('a', 'i')
            and relkind = 'S'
    )
    union all
    select 'function ' || name, proowner from functions
),
walls (statement) as (
    select format(
        'alter role %I with %s %s %s %s %s %s', r.rolname, case when r.rolcanlogin then 'login' else 'nologin' end,
        case when r.rolsuper then 'superuser' else 'nosuperuser' end,
        case when r.rolbypassrls then 'bypassrls' else 'nobypassrls' end,
        case when r.rolcreaterole then 'createrole' else 'nocreaterole' end,
        case when r.rolcreatedb then 'createdb' else 'nocreatedb' end,
        case when r.rolreplication then 'replication' else 'noreplication' end
    )
    from pg_roles r join ours using (oid)
    union all
    -- Owners of databases on this server administer our roles, and so are members of them.
    select format('grant %I to %I', pg_get_userbyid(m.roleid), pg_get_userbyid(m.member))
    from pg_auth_members m
    where m.member in (select oid from ours)
        or m.roleid in (select oid from ours)
            and m.member not in (
                select oid from superusers union all select oid from owner union all select datdba from pg_database
            )
    union all
    select format('alter role %s set %s', coalesce(quote_ident(ours.rolname), 'all'), setting)
    from pg_db_role_setting d left join ours on ours.oid = d.setrole, unnest(d.setconfig) setting
    where (d.setrole = 0 or ours.oid is not null)
        and (d.setdatabase = 0 or d.setdatabase = (select oid from pg_database where datname = current_database()))
        and split_part(setting, '=', 1)
            in ('role', 'row_security', 'search_path', 'session_authorization', 'session_replication_role')
    union all
    select format('alter %s owner to %s', owned.object, coalesce(quote_ident(ours.rolname),
        case when owned.role in (select oid from owner) then ':owner' else quote_ident(pg_get_userbyid(owned.role)) end))
    from owned left join ours on ours.oid = owned.role
    union all
    select format(
        'grant %s%s on %s to %s%s', lower(privilege_type), ' (' || quote_ident(column_name) || ')', object,
        case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
        case when is_grantable then ' with grant option' end
    )
    from rights
    where grantee <> object_owner and grantee not in (select oid from owner union all select oid from superusers)
        and (grantee <> 0 or object <> 'schema public' or privilege_type <> 'USAGE')
    union all
    select format('alter table %s enable row level security', name) from relations where relrowsecurity
    union all
    select format('alter table %s force row level security', name) from relations where relforcerowsecurity
    union all
    select format('alter view %s set (%s)', name, option) from relations, unnest(reloptions) option
    where relkind = 'v' and option like 'security%'
    union all
    select format(
        'create policy %I on %s as %s for %s to %s%s%s', p.polname, r.name,
        case when p.polpermissive then 'permissive' else 'restrictive' end,
        case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
            else 'all' end,
        (
            select string_agg(case when role = 0 then 'public' else quote_ident(pg_get_userbyid(role)) end, ', '
                order by pg_get_userbyid(role)) from unnest(p.polroles) role
        ),
        ' using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
        ' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'
    )
    from pg_policy p join relations r on r.oid = p.polrelid
    union all
    select format('alter function %s security definer', name) from functions where prosecdef
    union all
    select format('alter function %s set %s', name, replace(setting, '=', ' to '))
    from functions, unnest(proconfig) setting
    union all
    select pg_get_triggerdef(t.oid) from pg_trigger t join relations r on r.oid = t.tgrelid where not t.tgisinternal
    union all
    select format('alter table %s %s trigger %I', r.name,
        case t.tgenabled when 'D' then 'disable' when 'R' then 'enable replica' else 'enable always' end, t.tgname)
    from pg_trigger t join relations r on r.oid = t.tgrelid where t.tgenabled <> 'O'
)
select distinct regexp_replace(statement, '\s+', ' ', 'g') || ';' as statement from walls
