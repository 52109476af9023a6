-- What the doors keep: answers of actions for a repeated request, files as received, links between copies, clocks of devices.
set lock_timeout = '5s';
set statement_timeout = '60s';

-- ING-2: one row per key that a caller sent with an action. The answer is sealed with the key itself, of which only the hash is here.
create table idempotency (
    principal uuid not null,
    client text not null,
    route text not null,
    key_hash bytea not null,
    request_hash bytea not null,
    status smallint not null check (status between 200 and 499),
    headers bytea not null,
    body bytea not null,
    -- whose record the answer is about: it is given again only while they still share with the caller
    patients uuid[] not null default '{}',
    at timestamptz not null default now(),
    primary key (principal, client, route, key_hash)
);
create index idempotency_at on idempotency (at);

-- F12, DQ-7: how far a device's clock (or a phone's, by its client) was off at the last live syncs, in seconds to add.
create table device_clock (
    patient_id uuid not null references patient,
    device integer not null,
    client text not null,
    samples integer[] not null,
    shift_s integer,
    at timestamptz not null,
    primary key (patient_id, device, client)
);

-- Files as received (F22): the bytes, by which mapper they were read last, and what that mapper made of them, so that
-- reading them again can say what would change before anything does.
create table raw_file (
    patient_id uuid not null references patient,
    file_id uuid not null,
    sha256 bytea not null,
    format text not null,
    mapper integer not null,
    size integer not null,
    body bytea not null,
    mapped bytea not null default '',
    received_at timestamptz not null default now(),
    primary key (patient_id, file_id),
    unique (patient_id, sha256)
);

do $$
declare
    name text;
begin
    foreach name in array array['idempotency', 'device_clock', 'raw_file']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
    end loop;
end $$;
create policy own on idempotency for select to steady_app using (principal = (select app_principal()));
create policy own_insert on idempotency for insert to steady_app with check (principal = (select app_principal()));
create policy retention on idempotency for select to steady_worker using (true);
create policy retention_delete on idempotency for delete to steady_worker using (true);
grant select, insert on idempotency to steady_app;
grant select (at), delete on idempotency to steady_worker;
create policy known on device_clock for select to steady_app using (patient_id in
    (select e.patient_id from effective_access e where e.principal = (select app_principal())));
create policy synced on device_clock for insert to steady_app with check (patient_id in
    (select e.patient_id from effective_access e where e.principal = (select app_principal()) and e.may_write));
create policy synced_again on device_clock for update to steady_app
    using (patient_id in (select e.patient_id from effective_access e
            where e.principal = (select app_principal()) and e.may_write))
    with check (patient_id in (select e.patient_id from effective_access e
            where e.principal = (select app_principal()) and e.may_write));
grant select, insert, update (samples, shift_s, at) on device_clock to steady_app;
-- Only the import, an operator's own command, reads and writes them.
create policy owner_all on raw_file to steady_owner using (true) with check (true);
