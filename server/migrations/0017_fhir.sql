-- The doors where a mapper stands between: what was received as it came, what became of each item, and the sender's own names.
set lock_timeout = '5s';
set statement_timeout = '60s';

-- One body as received, before anything was made of it (integrations 0, rule 1), and what became of its items: a vendor looks it up.
-- Not a patient table (architecture 6): a body can hold several people; `patients` says whose it holds.
create table receipt (
    principal uuid not null,
    receipt_id uuid not null,
    format text not null check (length(format) between 1 and 40),
    mapper integer not null,
    received_at timestamptz not null,
    patients uuid[] not null default '{}',
    size integer not null,
    -- how it was known of whom it is: a token, a signature, the secret address alone, fetched by us
    proof text not null default 'token' check (length(proof) between 1 and 64),
    body bytea not null,
    items bytea not null default '',
    primary key (principal, receipt_id)
);
create index receipt_received on receipt (received_at);

-- A sender's own identifier of a reading: the same one with other content is a correction (architecture 8), and a create that names
-- it is done once. `reading` is its latest form, `previous` the one before; `gone` once it was said to be an error.
create table sent_record (
    patient_id uuid not null references patient,
    principal uuid not null,
    system text not null check (length(system) <= 500),
    value text not null check (length(value) between 1 and 500),
    content bytea not null,
    reading uuid not null,
    previous uuid,
    gone boolean not null default false,
    at timestamptz not null default now(),
    primary key (patient_id, principal, system, value)
);

do $$
declare
    name text;
begin
    foreach name in array array['receipt', 'sent_record'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy owner_all on %I to steady_owner using (true) with check (true)', name);
    end loop;
end $$;

create policy own on receipt for select to steady_app using (principal = (select app_principal()));
create policy own_insert on receipt for insert to steady_app with check (principal = (select app_principal()));
create policy own_told on receipt for update to steady_app
    using (principal = (select app_principal())) with check (principal = (select app_principal()));
create policy retention on receipt for select to steady_worker using (true);
create policy retention_delete on receipt for delete to steady_worker using (true);
-- The sender is told what became of it; the body itself is for the operator, who reads it again with another mapper.
grant select (principal, receipt_id, format, received_at, proof, items, patients), insert, update (items, patients) on receipt to steady_app;
grant select (received_at), delete on receipt to steady_worker;

create policy known on sent_record for select to steady_app using (patient_id in
    (select e.patient_id from effective_access e where e.principal = (select app_principal())
        and (e.may_read or (e.may_write and sent_record.principal = (select app_principal())))));
create policy sent on sent_record for insert to steady_app with check (principal = (select app_principal()) and patient_id in
    (select e.patient_id from effective_access e where e.principal = (select app_principal()) and e.may_write));
create policy sent_again on sent_record for update to steady_app
    using (principal = (select app_principal()) and patient_id in
        (select e.patient_id from effective_access e where e.principal = (select app_principal()) and e.may_write))
    with check (principal = (select app_principal()));
grant select, insert, update (content, reading, previous, gone, at) on sent_record to steady_app;

-- What was decided about a held reading is told to whoever sent it.
create policy sent_it on quarantine for select to steady_app using (
    actor = (select app_principal())
    and (patient_id, (kind / 100)::smallint) in (select e.patient_id, e.data_class from effective_access e
        where e.principal = (select app_principal()) and e.may_write));

-- A vendor reads back what its own devices sent, where it may write for that person: nothing that it does not know.
create policy sent_it on reading for select to steady_app using (
    source = 3
    and device in (select d.device_no from device d join vendor_client c on c.vendor = d.vendor
                    where c.client_id = (select app_principal()))
    and (patient_id, (kind / 100)::smallint) in (select e.patient_id, e.data_class from effective_access e
        where e.principal = (select app_principal()) and e.may_write and e.basis = 'device'));
create policy sent_it on sensor_hour for select to steady_app using (
    source = 3
    and device in (select d.device_no from device d join vendor_client c on c.vendor = d.vendor
                    where c.client_id = (select app_principal()))
    and (patient_id, (kind / 100)::smallint) in (select e.patient_id, e.data_class from effective_access e
        where e.principal = (select app_principal()) and e.may_write and e.basis = 'device'));
