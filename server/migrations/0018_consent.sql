-- What patients decided, for ever; who acts for them; codes shown once; what somebody must look at again (F57-F66, ACC-5 to ACC-9).
set lock_timeout = '5s';
set statement_timeout = '60s';

-- Each decision with its signed receipt, each chained to the one before (F60). Nobody may change or delete one.
create table consent_event (
    patient_id uuid not null references patient,
    seq integer not null check (seq > 0),
    grant_id uuid not null,
    what text not null check (what in ('granted', 'renewed', 'narrowed', 'withdrawn')),
    at timestamptz not null,
    by uuid not null,
    -- recorded by staff who heard it (F61)
    is_witnessed boolean not null default false,
    body bytea not null,
    hash bytea not null,
    signature bytea not null,
    primary key (patient_id, seq)
);

-- Somebody who acts for others, with a sign-in of their own. What they may see stands in access_grant, as for everybody.
create table proxy (
    org_id uuid not null references organisation,
    proxy_id uuid primary key references principal (principal_id),
    name text not null check (length(name) between 1 and 200)
);

-- By what right somebody acts for a patient, and when that must be looked at again (F62).
create table proxy_right (
    patient_id uuid not null references patient,
    proxy_id uuid not null,
    basis text not null check (basis in ('consent', 'parent', 'attorney', 'deputy')),
    relationship text not null check (length(relationship) between 1 and 100),
    made_by uuid not null,
    made_at timestamptz not null default now(),
    review_at timestamptz not null,
    ended_at timestamptz,
    primary key (patient_id, proxy_id)
);
create index proxy_right_proxy on proxy_right (proxy_id);

-- A code shown once (F65): found by its reference, proved by its secret and the birth date; a directory, as pairing codes are.
create table share (
    reference text primary key check (reference ~ '^[0-9]{8}$'),
    share_id uuid not null unique,
    patient_id uuid not null,
    secret_hash bytea not null,
    label text not null check (length(label) between 1 and 100),
    made_at timestamptz not null default now(),
    expires_at timestamptz not null,
    tries integer not null default 0 check (tries between 0 and 5),
    ended_at timestamptz
);
create index share_patient on share (patient_id);
-- Who said that they opened it, each time.
create table share_opening (
    patient_id uuid not null references patient,
    share_id uuid not null,
    opened_at timestamptz not null,
    who text not null check (length(who) between 1 and 200),
    primary key (patient_id, share_id, opened_at)
);

-- What somebody must look at and answer for: an emergency access, an access that looks odd, a proxy whose right must be seen again.
-- `about` is whose doing it was. Not a patient table: it is worked through across people.
create table review (
    org_id uuid not null references organisation,
    review_id uuid primary key,
    kind text not null check (kind in ('emergency', 'emergency-often', 'odd', 'snooping', 'proxy', 'erasure')),
    patient_id uuid,
    about uuid,
    opened_at timestamptz not null default now(),
    due_at timestamptz not null,
    body jsonb not null,
    -- the same thing found again opens no second one
    dedupe text not null unique check (length(dedupe) <= 300),
    answered_by uuid,
    answered_at timestamptz,
    answer text check (length(answer) <= 2000),
    check (num_nonnulls(answered_by, answered_at, answer) in (0, 3))
);
create index review_open on review (org_id, due_at) where answered_at is null;
create index review_about on review (about, opened_at);

do $$
declare
    name text;
begin
    foreach name in array array['consent_event', 'proxy', 'proxy_right', 'share', 'share_opening', 'review']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy owner_all on %I to steady_owner using (true) with check (true)', name);
    end loop;
end $$;

create policy own on consent_event for select to steady_app using (patient_id = (select app_principal()));
create policy decide on consent_event for insert to steady_app
    with check (patient_id = app_principal() and by = app_principal() and not is_witnessed);
create policy read_all on consent_event for select to steady_auditor using (true);
-- What staff heard is recorded by the service itself, never in the patient's name.
create policy chain on consent_event for select to steady_worker using (true);
create policy witness on consent_event for insert to steady_worker with check (is_witnessed and by <> patient_id);
grant select, insert on consent_event to steady_app, steady_worker;
grant select on consent_event to steady_auditor;

-- A permission that the patient did not give with their own hands is opened by the service alone: witnessed, or an emergency.
create policy witness on access_grant for insert to steady_worker
    with check (granted_by <> patient_id and basis in ('grant', 'emergency', 'proxy'));
create policy take_back on access_grant for update to steady_worker using (basis in ('emergency', 'proxy')) with check (true);
grant insert, update (to_at) on access_grant to steady_worker;

create policy own on proxy for select to steady_app
    using (proxy_id = (select app_principal())
           or proxy_id in (select r.proxy_id from proxy_right r where r.patient_id = (select app_principal())));
create policy auth_read on proxy for select to steady_auth using (true);
create policy worker_all on proxy to steady_worker using (true) with check (true);
create policy own on proxy_right for select to steady_app
    using (patient_id = (select app_principal()) or proxy_id = (select app_principal()));
create policy worker_all on proxy_right to steady_worker using (true) with check (true);
grant select on proxy, proxy_right to steady_app;
grant select, insert on proxy to steady_worker;
grant select, insert, update (ended_at, review_at, basis, relationship) on proxy_right to steady_worker;
grant select on proxy to steady_auth;
create policy invite on principal for insert to steady_worker with check (kind = 'proxy');
grant insert on principal to steady_worker;

create policy own on share for select to steady_app using (patient_id = (select app_principal()));
create policy own_insert on share for insert to steady_app with check (patient_id = app_principal());
create policy own_end on share for update to steady_app
    using (patient_id = app_principal()) with check (patient_id = app_principal());
create policy open on share to steady_auth using (true) with check (true);
create policy own on share_opening for select to steady_app using (patient_id = (select app_principal()));
create policy opened on share_opening for insert to steady_auth with check (true);
grant select (reference, share_id, patient_id, label, made_at, expires_at, tries, ended_at) on share to steady_app;
grant insert (reference, share_id, patient_id, secret_hash, label, made_at, expires_at) on share to steady_app;
grant update (ended_at) on share to steady_app;
grant select, update (tries) on share to steady_auth;
grant select on share_opening to steady_app;
grant insert on share_opening to steady_auth;

-- Leads and administrators answer; a patient sees what came of what they asked about.
create policy answer on review to steady_app
    using (org_id = (select app_org())
           and exists (select from staff s where s.staff_id = (select app_principal()) and s.role in ('lead', 'admin')))
    with check (true);
-- A suspicion is not told before somebody has looked.
create policy own on review for select to steady_app using (patient_id = (select app_principal()) and kind <> 'snooping');
create policy ask on review for insert to steady_app
    with check (patient_id = app_principal() and kind in ('odd', 'erasure') and answered_by is null);
create policy worker_all on review to steady_worker using (true) with check (true);
grant select, insert, update (answered_by, answered_at, answer) on review to steady_app;
grant select, insert on review to steady_worker;

-- What was said to a patient without a concern behind it is theirs to read as well.
create policy own on delivery for select to steady_app
    using (patient_id = (select app_principal()) and audience = 'patient');
