-- Who there is, who asked, and who may see what. One view (effective_access) decides access everywhere (ACC-2).
set lock_timeout = '5s';
set statement_timeout = '60s';

-- The context of a transaction, set once by server/db.py (ROW-3). A used setting reads as '', not null (ROW-4).
create function app_principal() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('app.principal', true), '')::uuid $$;
create function app_org() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('app.org', true), '')::uuid $$;
create function app_patients() returns uuid[] language sql stable parallel safe
    as $$ select nullif(current_setting('app.patients', true), '')::uuid[] $$;

-- Whom this transaction is about, where it is about one person alone: it sees what its principal may see of that person, and of
-- nobody else. It can only take away; what is not looked for need not be worked out for a whole caseload.
create function app_one() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('app.one', true), '')::uuid $$;

create table organisation (
    org_id uuid primary key,
    name text not null check (length(name) between 1 and 200),
    kind text not null check (kind in ('trust', 'practice', 'council', 'charity', 'vendor')),
    parent_id uuid
);

-- Everybody and everything that can sign in. Ending a principal ends all its access at once.
create table principal (
    principal_id uuid primary key,
    kind text not null check (kind in ('patient', 'staff', 'vendor', 'proxy')),
    org_id uuid not null references organisation,
    ended_at timestamptz
);

create table team (
    org_id uuid not null references organisation,
    team_id uuid primary key,
    name text not null check (length(name) between 1 and 200),
    zone text not null default 'Europe/London',
    -- whose bank holidays it keeps
    region text not null default 'england'
        check (region in ('england', 'wales', 'scotland', 'northern_ireland', 'none')),
    telephone text not null default '',
    out_of_hours text not null default 'Ring 111, or 999 in an emergency.'
);

-- Staffed hours, wall clock in the team's zone; weekday 0 is Monday; closing at 00:00 is the end of that day.
create table team_hours (
    org_id uuid not null,
    team_id uuid not null references team,
    weekday smallint not null check (weekday between 0 and 6),
    opens time not null,
    closes time not null,
    primary key (team_id, weekday, opens),
    check (opens < closes or closes = '00:00')
);

create table staff (
    org_id uuid not null references organisation,
    staff_id uuid primary key references principal (principal_id),
    name text not null check (length(name) between 1 and 200),
    role text not null check (role in ('nurse', 'lead', 'admin', 'coordinator'))
);

create table team_member (
    org_id uuid not null,
    team_id uuid not null references team,
    staff_id uuid not null references staff,
    from_at timestamptz not null default now(),
    to_at timestamptz,
    primary key (staff_id, team_id, from_at)
);

create table patient (
    patient_id uuid primary key,
    org_id uuid not null,
    given_name text not null check (length(given_name) between 1 and 100),
    family_name text not null check (length(family_name) between 1 and 100),
    birth_on date not null check (birth_on >= '1900-01-01'),
    zone text not null default 'Europe/London',
    language text not null default 'en',
    telephone text not null default '',
    prefers text not null default 'app',
    coordinator_id uuid,
    version integer not null default 1,
    created_at timestamptz not null default now()
);

create table patient_condition (
    patient_id uuid not null references patient,
    code text not null,
    onset_on date,
    primary key (patient_id, code)
);

-- NHS number and the like. A directory, not a patient table: the value must be unique across people.
create table identifier (
    system text not null check (system in ('nhs-number')),
    value text not null check (length(value) between 1 and 64),
    patient_id uuid not null,
    primary key (system, value)
);
create index identifier_patient on identifier (patient_id);

-- Dated personal limits (C-7). Past readings are judged by the limits of their time, so an entry is never changed: the
-- newest that covers an instant holds, one without a value takes back what stood before it.
create table personal_limit (
    patient_id uuid not null references patient,
    limit_id uuid not null,
    name text not null check (length(name) between 3 and 80),
    value numeric check (value > '-Infinity' and value < 'Infinity'),
    -- the same limit in mg/dL, worked out once when it was set (C-3)
    mg numeric check (mg > '-Infinity' and mg < 'Infinity'),
    from_at timestamptz not null default now(),
    to_at timestamptz,
    set_by uuid not null,
    set_at timestamptz not null default now(),
    reason text not null,
    review_at timestamptz,
    -- both signatures are found there; null for what was taken over when the service began
    proposal_id uuid,
    withdrawn_at timestamptz,
    primary key (patient_id, limit_id),
    check (to_at is null or to_at > from_at)
);

-- What is known about a person and changes a judgement, told once and dated (NW-3, OX-1, AS-1, PG-0, BL-2): domain/people/facts.py
-- names the keys. Never changed, only ended: past readings are judged by the facts of their time.
create table patient_fact (
    patient_id uuid not null references patient,
    fact_id uuid not null,
    key text not null check (length(key) between 1 and 40),
    value text not null check (length(value) between 1 and 40),
    from_at timestamptz not null,
    to_at timestamptz,
    source text not null default '' check (length(source) <= 200),
    set_by uuid not null,
    set_at timestamptz not null default now(),
    ended_by uuid,
    ended_at timestamptz,
    primary key (patient_id, fact_id),
    check (to_at is null or to_at > from_at)
);

create table device (
    device_no integer generated always as identity primary key,
    vendor text not null check (length(vendor) between 1 and 64),
    model text not null default '',
    serial text not null check (length(serial) between 1 and 128),
    unique (vendor, serial)
);

-- Whose a device is, from when to when: old readings never move to a new owner (F17, ING-6). A directory as well.
create table device_assignment (
    device_no integer not null references device,
    patient_id uuid not null,
    from_at timestamptz not null,
    to_at timestamptz,
    primary key (device_no, from_at),
    check (to_at is null or to_at > from_at)
);
create unique index device_assignment_current on device_assignment (device_no) where to_at is null;
create index device_assignment_patient on device_assignment (patient_id);

create table vendor_client (
    org_id uuid not null references organisation,
    client_id uuid primary key references principal (principal_id),
    name text not null,
    vendor text not null
);
create index vendor_client_vendor on vendor_client (vendor);

-- One permission: which data classes of whose record, for a team or for one grantee, from when to when (F57). `basis` says by what
-- right: the patient's own decision (grant), a carer (proxy), an emergency, or a code shown once (share). Only direct care opens a
-- record, so no other purpose can stand here. Never changed but for its end: narrowing ends one and begins another.
create table access_grant (
    patient_id uuid not null references patient,
    grant_id uuid not null,
    basis text not null default 'grant' check (basis in ('grant', 'proxy', 'emergency', 'share')),
    team_id uuid,
    -- a member of staff, a proxy, or the id of a share
    grantee_id uuid,
    data_classes smallint[] not null check (cardinality(data_classes) between 1 and 10),
    purpose text not null default 'direct-care' check (purpose = 'direct-care'),
    may_write boolean not null default false,
    from_at timestamptz not null default now(),
    to_at timestamptz,
    granted_by uuid not null,
    primary key (patient_id, grant_id),
    check (num_nonnulls(team_id, grantee_id) = 1),
    check (basis = 'grant' or grantee_id is not null),
    -- What others open is short, and an emergency or a share only reads (ACC-7, F65).
    check (basis not in ('emergency', 'share') or (not may_write and to_at is not null)),
    check (basis <> 'emergency' or to_at <= from_at + interval '60 minutes'),
    check (basis <> 'share' or to_at <= from_at + interval '7 days')
);
create index access_grant_team on access_grant (team_id) where team_id is not null;
create index access_grant_grantee on access_grant (grantee_id) where grantee_id is not null;

-- EffectiveAccess: who may read, write or act on which class of whose data, now. Row policies, jobs and ingest all ask this view.
-- To act (take a concern, close it, pair a phone) is for those whom the patient chose; an emergency looks, and a proxy adds.
create view effective_access with (security_invoker = true) as
select p.principal_id as principal, p.principal_id as patient_id, class.no::smallint as data_class,
       true as may_read, true as may_write, false as may_act, 'self'::text as basis
  from principal p, generate_series(0, 9) as class (no)
 where p.kind = 'patient' and p.ended_at is null
union all
select m.staff_id, g.patient_id, class.no, true, g.may_write, true, g.basis
  from team_member m
  cross join lateral (
       select a.patient_id, a.may_write, a.data_classes, a.from_at, a.to_at, a.basis from access_grant a
        where a.team_id = m.team_id and (select app_one()) is null
       union all
       select a.patient_id, a.may_write, a.data_classes, a.from_at, a.to_at, a.basis from access_grant a
        where a.team_id = m.team_id and a.patient_id = (select app_one())) as g
  cross join lateral unnest(g.data_classes) as class (no)
       -- asked once a membership: as a join it was read again for each grant
 where (select p.ended_at is null from principal p where p.principal_id = m.staff_id)
   and m.from_at <= now() and (m.to_at is null or m.to_at > now())
   and g.from_at <= now() and (g.to_at is null or g.to_at > now())
union all
select g.grantee_id, g.patient_id, class.no, true, g.may_write, g.basis = 'grant', g.basis
  from access_grant g
  cross join lateral unnest(g.data_classes) as class (no)
 where g.team_id is null and g.from_at <= now() and (g.to_at is null or g.to_at > now())
   and (g.basis = 'share' or exists (select from principal p where p.principal_id = g.grantee_id and p.ended_at is null))
union all
select c.client_id, a.patient_id, class.no::smallint, false, true, false, 'device'
  from vendor_client c
  join principal p on p.principal_id = c.client_id and p.ended_at is null
  join device d on d.vendor = c.vendor
  join device_assignment a on a.device_no = d.device_no
  cross join generate_series(1, 9) as class (no);

-- Row policies. Every table is forced, so that not even its owner sees rows without one (ROW-2).
do $$
declare
    name text;
begin
    foreach name in array array['organisation', 'principal', 'team', 'team_hours', 'staff', 'team_member', 'patient',
        'patient_condition', 'identifier', 'personal_limit', 'patient_fact', 'device', 'device_assignment', 'vendor_client', 'access_grant']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        -- Set-up and administration, by the owner's own statements (ROW-1: nobody serves requests as the owner).
        execute format('create policy owner_all on %I to steady_owner using (true) with check (true)', name);
        execute format('create policy worker_read on %I for select to steady_worker using (true)', name);
        execute format('create policy auth_read on %I for select to steady_auth using (true)', name);
    end loop;
end $$;

create policy own_org on organisation for select to steady_app using (org_id = app_org());
create policy own_org on team for select to steady_app using (org_id = app_org());
create policy own_org on team_hours for select to steady_app using (org_id = app_org());
create policy own_org on staff for select to steady_app using (org_id = app_org());
create policy own_org on team_member for select to steady_app using (org_id = app_org());
create policy own_org on vendor_client for select to steady_app using (org_id = app_org());
create policy self on principal for select to steady_app using (principal_id = app_principal());
create policy anybody on device for select to steady_app using (app_principal() is not null);
create policy mine on access_grant for select to steady_app
    using (
        patient_id = (select app_principal())
        -- A permission that ended is the patient's history, no longer the team's.
        or (from_at <= now() and (to_at is null or to_at > now())
            and (grantee_id = (select app_principal())
                 or team_id in (select m.team_id from team_member m where m.staff_id = (select app_principal()))))
    );
create policy granted on patient for select to steady_app
    using (patient_id in (select e.patient_id from effective_access e
                           where e.principal = (select app_principal()) and e.may_read));
create policy granted on patient_condition for select to steady_app
    using (patient_id in (select e.patient_id from effective_access e
                           where e.principal = (select app_principal()) and e.data_class = 0 and e.may_read));
create policy granted on personal_limit for select to steady_app
    using (patient_id in (select e.patient_id from effective_access e
                           where e.principal = (select app_principal()) and e.may_read));
create policy granted on patient_fact for select to steady_app
    using (patient_id in (select e.patient_id from effective_access e
                           where e.principal = (select app_principal()) and e.may_read));
create policy granted on identifier for select to steady_app
    using (patient_id in (select e.patient_id from effective_access e
                           where e.principal = (select app_principal()) and e.data_class = 0 and e.may_read));
create policy mine on device_assignment for select to steady_app
    using (
        patient_id = (select app_principal())
        or device_no in (select d.device_no from device d join vendor_client c on c.vendor = d.vendor
                          where c.client_id = (select app_principal()))
        or patient_id in (select g.patient_id from access_grant g where g.patient_id = device_assignment.patient_id)
    );
-- A patient decides who sees what, in one step, in the database.
create policy own_insert on access_grant for insert to steady_app
    with check (patient_id = app_principal() and granted_by = app_principal() and basis in ('grant', 'proxy', 'share'));
create policy own_end on access_grant for update to steady_app
    using (patient_id = app_principal()) with check (patient_id = app_principal());

-- The grouped commit asks the same view for many principals at once (architecture 8), so its role reads the directories.
do $$
declare
    name text;
begin
    foreach name in array array['principal', 'team_member', 'device', 'device_assignment', 'vendor_client', 'access_grant']
    loop
        execute format('create policy ingest_read on %I for select to steady_ingest using (true)', name);
        execute format('grant select on %I to steady_ingest', name);
    end loop;
    foreach name in array array['patient', 'patient_condition', 'personal_limit', 'patient_fact']
    loop
        execute format('create policy ingest_read on %I for select to steady_ingest '
                       'using (patient_id = any ((select app_patients())::uuid[]))', name);
        execute format('grant select on %I to steady_ingest', name);
    end loop;
end $$;

grant select on organisation, principal, team, team_hours, staff, team_member, patient, patient_condition, identifier,
    personal_limit, patient_fact, device, device_assignment, vendor_client, access_grant, effective_access to steady_app, steady_worker;
grant select on principal, staff, organisation, vendor_client, patient, team_member, team to steady_auth;
grant insert, update (to_at) on access_grant to steady_app;
grant select on effective_access to steady_ingest;
