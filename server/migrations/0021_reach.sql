-- How people want to be reached, when not, and what providers said later of a message (F104, F15).
set lock_timeout = '5s';
set statement_timeout = '60s';

-- A person's channels besides the app, the first one first. `waiting`: a number that has not answered yet; `off`: its provider ended it.
-- `is_words`: by text in full words, for whoever has no app; else only that there is something to read.
create table patient_channel (
    patient_id uuid not null references patient,
    channel_id uuid not null,
    place smallint not null check (place between 1 and 9),
    channel text not null check (channel in ('email', 'sms', 'push', 'fcm', 'apns')),
    address text not null check (length(address) between 1 and 2000),
    is_words boolean not null default false check (not is_words or channel = 'sms'),
    state text not null default 'on' check (state in ('waiting', 'on', 'off')),
    set_by uuid not null,
    -- when a text came from this number last: whoever wrote just now is awake
    wrote_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (patient_id, channel_id),
    unique (patient_id, channel, address)
);
-- Whose number a text came from.
create index patient_channel_number on patient_channel (address) where channel = 'sms';

-- When somebody does not want to be disturbed, by the clock of their zone, and how many messages a day they want at most.
create table quiet_hours (
    principal_id uuid primary key references principal,
    from_at time not null,
    to_at time not null,
    zone text not null,
    most smallint not null check (most between 0 and 50)
);

-- What a provider said of a message, as it came: repeated, late, out of order. The relay takes it from here.
create table provider_receipt (
    message uuid not null,
    status text not null check (status in ('delivered', 'failed')),
    at timestamptz not null default now(),
    primary key (message, status)
);

do $$
declare
    name text;
begin
    foreach name in array array['patient_channel', 'quiet_hours', 'provider_receipt'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy worker_all on %I to steady_worker using (true) with check (true)', name);
        execute format('create policy owner_all on %I to steady_owner using (true) with check (true)', name);
    end loop;
end $$;

-- One's own, and of a person whoever may write for them: a nurse notes down a number in clinic. Who answers from it decides.
create policy own on patient_channel to steady_app
    using (patient_id in (select e.patient_id from effective_access e
                           where e.principal = (select app_principal()) and e.data_class = 0 and e.may_write))
    with check (set_by = app_principal()
                and patient_id in (select e.patient_id from effective_access e
                                    where e.principal = (select app_principal()) and e.data_class = 0 and e.may_write));
create policy own on quiet_hours to steady_app
    using (principal_id = (select app_principal())) with check (principal_id = (select app_principal()));
create policy own on contact for select to steady_app using (staff_id = (select app_principal()));
create policy own_add on contact for insert to steady_app with check (staff_id = app_principal() and org_id = app_org());
create policy own_end on contact for delete to steady_app using (staff_id = (select app_principal()));
create policy number on patient_channel to steady_auth using (channel = 'sms') with check (channel = 'sms');
create policy keep on provider_receipt to steady_auth using (true) with check (true);

-- An answer to a number that nobody has: it is about nobody.
create policy stranger on outbox for insert to steady_auth
    with check (patient_id = '00000000-0000-0000-0000-000000000000' and audience = 'text');
create policy stranger_once on outbox for select to steady_auth using (patient_id = '00000000-0000-0000-0000-000000000000');
grant insert (id, patient_id, audience, topic, role, words, address, dedupe, created_at, due_at) on outbox to steady_auth;
grant select (dedupe) on outbox to steady_auth;
grant select, insert, delete on patient_channel to steady_app;
grant select, insert, delete on contact to steady_app;
grant select, insert, update, delete on quiet_hours to steady_app;
grant select (patient_id, channel_id, channel, address, state, wrote_at), update (state, wrote_at) on patient_channel to steady_auth;
grant select, insert on provider_receipt to steady_auth;
grant select, update (state) on patient_channel to steady_worker;
grant select, delete on provider_receipt to steady_worker;
grant select, delete on contact to steady_worker;
grant select on quiet_hours to steady_worker;
