-- Machines that call us, and what is fetched because of it: doors, accounts of people at vendors, deliveries seen, things to fetch.
set lock_timeout = '5s';
set statement_timeout = '60s';

-- One address of one vendor's machine. Found by the hash of its secret path; `secrets` are sealed (ROW-11), what is read of them is a
-- duty of sign-in alone. What was refused is counted, its bytes are not kept: whoever does not prove itself fills no disk.
create table vendor_door (
    door_id uuid primary key,
    org_id uuid not null references organisation,
    client_id uuid not null references vendor_client,
    form text not null check (length(form) between 1 and 40),
    path_hash bytea not null unique,
    secrets bytea not null,
    base_url text not null default '' check (length(base_url) <= 300),
    made_at timestamptz not null default now(),
    ended_at timestamptz,
    refused integer not null default 0,
    refused_at timestamptz,
    refused_why text not null default '',
    -- so long the vendor asked us to wait
    held_until timestamptz
);
create index vendor_door_client on vendor_door (client_id);

-- A person's account at a vendor: what we may fetch it with. The account is a device as well (its serial number is the account's name),
-- so that whose its readings are is decided as for every device.
create table vendor_account (
    patient_id uuid not null references patient,
    door_id uuid not null,
    account text not null check (length(account) between 1 and 128),
    tokens bytea not null,
    expires_at timestamptz,
    made_at timestamptz not null default now(),
    ended_at timestamptz,
    ended_why text not null default '',
    fetched_until timestamptz,
    primary key (patient_id, door_id, account)
);
create index vendor_account_door on vendor_account (door_id, account);

-- Each delivery once. `is_settled`: nothing of it was refused, so that a repeat has nothing to do.
create table hook_delivery (
    door_id uuid not null references vendor_door,
    key bytea not null,
    content bytea not null,
    at timestamptz not null default now(),
    receipt_id uuid not null,
    is_settled boolean not null default false,
    primary key (door_id, key)
);
create index hook_delivery_at on hook_delivery (at);

-- What a vendor said is there to be fetched, until it was.
create table pending_fetch (
    fetch_id uuid primary key,
    door_id uuid not null references vendor_door,
    account text not null,
    what text not null default '' check (length(what) <= 64),
    object_id text not null default '' check (length(object_id) <= 128),
    start_at timestamptz,
    end_at timestamptz,
    made_at timestamptz not null default now(),
    due_at timestamptz not null default now(),
    lease_until timestamptz,
    tries integer not null default 0,
    done_at timestamptz,
    came_to text not null default ''
);
-- said twice before it was begun is to be fetched once
create unique index fetch_once on pending_fetch (door_id, account, what, object_id, coalesce(start_at, '-infinity'), coalesce(end_at, '-infinity'))
    where done_at is null and tries = 0;
create index fetch_due on pending_fetch (due_at) where done_at is null;
create index fetch_done on pending_fetch (done_at) where done_at is not null;

-- What a person's own uploader (Nightscout's API) shows instead of a sign-in.
create table uploader_key (
    patient_id uuid not null references patient,
    key_id uuid not null,
    key_hash bytea not null,
    label text not null check (length(label) between 1 and 100),
    made_at timestamptz not null default now(),
    used_at timestamptz,
    ended_at timestamptz,
    primary key (patient_id, key_id)
);
create index uploader_key_hash on uploader_key (key_hash);

do $$
declare
    name text;
begin
    foreach name in array array['vendor_door', 'vendor_account', 'hook_delivery', 'pending_fetch', 'uploader_key']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy owner_all on %I to steady_owner using (true) with check (true)', name);
    end loop;
end $$;

create policy prove on vendor_door to steady_auth using (true) with check (true);
create policy work on vendor_door to steady_worker using (true) with check (true);
create policy own on vendor_door for select to steady_app using (client_id = (select app_principal()));
grant select, update (refused, refused_at, refused_why) on vendor_door to steady_auth;
grant select, update (held_until) on vendor_door to steady_worker;
grant select (door_id, client_id, form) on vendor_door to steady_app;

create policy work on vendor_account to steady_worker using (true) with check (true);
grant select, update (tokens, expires_at, ended_at, ended_why, fetched_until) on vendor_account to steady_worker;

create policy own on hook_delivery for select to steady_app
    using (door_id in (select d.door_id from vendor_door d where d.client_id = (select app_principal())));
create policy own_insert on hook_delivery for insert to steady_app
    with check (door_id in (select d.door_id from vendor_door d where d.client_id = (select app_principal())));
create policy own_settle on hook_delivery for update to steady_app
    using (door_id in (select d.door_id from vendor_door d where d.client_id = (select app_principal())))
    with check (door_id in (select d.door_id from vendor_door d where d.client_id = (select app_principal())));
create policy retention on hook_delivery for select to steady_worker using (true);
create policy retention_delete on hook_delivery for delete to steady_worker using (true);
grant select, insert, update (is_settled, receipt_id) on hook_delivery to steady_app;
grant select (at), delete on hook_delivery to steady_worker;

create policy own_insert on pending_fetch for insert to steady_app
    with check (door_id in (select d.door_id from vendor_door d where d.client_id = (select app_principal())));
create policy own on pending_fetch for select to steady_app
    using (door_id in (select d.door_id from vendor_door d where d.client_id = (select app_principal())));
create policy work on pending_fetch to steady_worker using (true) with check (true);
create policy look on pending_fetch for select to steady_watch using (true);
grant select, insert on pending_fetch to steady_app;
grant select, insert, update (due_at, lease_until, tries, done_at, came_to), delete on pending_fetch to steady_worker;
grant select on pending_fetch to steady_watch;
create policy look on vendor_door for select to steady_watch using (true);
grant select (door_id, client_id, form) on vendor_door to steady_watch;

create policy own on uploader_key for select to steady_app using (patient_id = (select app_principal()));
create policy own_insert on uploader_key for insert to steady_app with check (patient_id = app_principal());
create policy own_end on uploader_key for update to steady_app
    using (patient_id = app_principal()) with check (patient_id = app_principal());
create policy prove on uploader_key to steady_auth using (true) with check (true);
grant select, insert, update (ended_at) on uploader_key to steady_app;
grant select, update (used_at) on uploader_key to steady_auth;
create policy look on vendor_client for select to steady_watch using (true);
grant select (client_id, vendor) on vendor_client to steady_watch;

-- Systems of others that an administrator registered: a client that reads what a patient shares with it, told by a signed call that there
-- is something to read. Choosing one is a permission like any other (access_grant), so effective_access decides here as well.
create table told_system (
    client_id uuid primary key references vendor_client,
    name text not null check (length(name) between 1 and 200),
    url text not null check (length(url) between 1 and 500),
    secrets bytea not null,
    made_at timestamptz not null default now(),
    disabled_at timestamptz,
    disabled_why text not null default ''
);
create table telling (
    patient_id uuid not null references patient,
    client_id uuid not null,
    event_id uuid not null,
    what text not null check (what in ('flag.raised')),
    data_class smallint not null,
    episode uuid,
    made_at timestamptz not null default now(),
    due_at timestamptz not null default now(),
    lease_until timestamptz,
    tries integer not null default 0,
    done_at timestamptz,
    came_to text not null default '',
    primary key (patient_id, client_id, event_id)
);
create index telling_due on telling (due_at) where done_at is null;
create index telling_client on telling (client_id, made_at);
do $$
declare
    name text;
begin
    foreach name in array array['told_system', 'telling'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy owner_all on %I to steady_owner using (true) with check (true)', name);
        execute format('create policy work on %I to steady_worker using (true) with check (true)', name);
    end loop;
end $$;
create policy choose on told_system for select to steady_app using (app_principal() is not null);
create policy look on told_system for select to steady_watch using (true);
grant select (client_id, name, disabled_at) on told_system to steady_app, steady_watch;
grant select, update (disabled_at, disabled_why) on told_system to steady_worker;
grant select, insert, update (due_at, lease_until, tries, done_at, came_to), delete on telling to steady_worker;
-- A receiver that was away asks for a stretch again, of those who still share with it.
create policy own on telling for select to steady_app using (client_id = (select app_principal()));
create policy own_again on telling for update to steady_app
    using (client_id = (select app_principal()) and (patient_id, data_class) in
        (select e.patient_id, e.data_class from effective_access e where e.principal = (select app_principal()) and e.may_read))
    with check (client_id = (select app_principal()));
grant select (client_id, patient_id, data_class, made_at), update (due_at, tries, done_at, came_to) on telling to steady_app;
