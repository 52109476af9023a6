-- Who is on duty and when, whom to tell next and by when, and who was told with which result (AL-6, ALP-4, ALP-12).
set lock_timeout = '5s';
set statement_timeout = '60s';

-- When a team is closed besides weekends and bank holidays.
create table closure (
    org_id uuid not null,
    closure_id uuid primary key,
    team_id uuid not null references team,
    from_at timestamptz not null,
    to_at timestamptz not null,
    reason text not null default '',
    check (from_at < to_at)
);
create index closure_team on closure (team_id, to_at);

-- Who has which duty from when to when. Where nobody is named, a team's own members answer by their job.
create table rota (
    org_id uuid not null,
    rota_id uuid primary key,
    team_id uuid not null references team,
    staff_id uuid not null references staff,
    role text not null check (role in ('nurse', 'deputy', 'lead')),
    from_at timestamptz not null,
    to_at timestamptz not null,
    check (from_at < to_at)
);
create index rota_team on rota (team_id, to_at);

-- How somebody, or a team outside its hours, is reached: the first channel first. Whoever has none is told in the log.
create table contact (
    org_id uuid not null,
    contact_id uuid primary key,
    staff_id uuid references staff,
    team_id uuid references team,
    place smallint not null check (place between 1 and 9),
    channel text not null check (channel in ('log', 'email', 'sms', 'push', 'fcm', 'apns', 'apprise')),
    -- of a browser its push subscription as JSON
    address text not null default '' check (length(address) <= 2000),
    check (num_nonnulls(staff_id, team_id) = 1)
);
create unique index contact_staff on contact (staff_id, place) where staff_id is not null;
create unique index contact_team on contact (team_id, place) where team_id is not null;

-- The clock of each open episode. Not a patient table (architecture 6): swept across patients with `skip locked`.
create table escalation (
    patient_id uuid not null,
    episode uuid not null,
    severity smallint not null,
    emergency boolean not null,
    since timestamptz not null,
    step text not null,
    due_at timestamptz not null,
    primary key (patient_id, episode)
);
create index escalation_due on escalation (due_at);

-- Who was told, when, by which channel, with which result, in which words. `recipient`: staff, patient, or a team outside hours.
create table delivery (
    patient_id uuid not null,
    id uuid not null,
    outbox uuid not null,
    episode uuid,
    audience text not null,
    role text not null,
    topic text not null,
    recipient uuid not null,
    channel text not null,
    message uuid not null,
    said text not null,
    state text not null check (state in ('sending', 'accepted', 'refused', 'failed')),
    code text not null default '',
    attempts smallint not null default 0,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    received_at timestamptz,
    -- what the provider said later: that it arrived, or that it did not
    receipt text check (receipt in ('delivered', 'failed')),
    receipt_at timestamptz,
    primary key (patient_id, id),
    unique (patient_id, outbox, recipient, channel)
);
create index delivery_message on delivery (message) where receipt is null;

-- AL-9: a rule is shown, or recorded only, for a team (all teams: null) from when to when, by whom and why.
create table rule_mode (
    mode_id uuid primary key,
    rule text not null check (length(rule) between 1 and 40),
    team_id uuid references team,
    mode text not null check (mode in ('active', 'shadow')),
    from_at timestamptz not null default now(),
    to_at timestamptz,
    by text not null check (length(by) between 1 and 500),
    reason text not null check (length(reason) between 1 and 1000),
    -- what two people signed; null where the budget decided
    proposal_id uuid,
    check (to_at is null or to_at > from_at)
);
create index rule_mode_rule on rule_mode (rule, team_id);

-- The rules that are recorded only for a team at an instant: of a rule's modes the newest that has begun holds.
create function shadowed_rules(p_team uuid, p_at timestamptz) returns setof text language sql stable as $$
    select n.rule
      from (select distinct on (m.rule) m.rule, m.mode from rule_mode m
             where (m.team_id = p_team or m.team_id is null) and m.from_at <= p_at and (m.to_at is null or m.to_at > p_at)
             order by m.rule, m.from_at desc, m.mode_id desc) n
     where n.mode = 'shadow'
$$;

-- ALP-10: how many of a vendor's people have gone silent; more than a fifth is one technical alarm.
create table vendor_silence (
    vendor text primary key,
    people integer not null,
    silent integer not null,
    since timestamptz,
    at timestamptz not null
);

do $$
declare
    name text;
begin
    foreach name in array array['closure', 'rota', 'contact', 'escalation', 'delivery', 'rule_mode', 'vendor_silence'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy worker_all on %I to steady_worker using (true) with check (true)', name);
    end loop;
    foreach name in array array['closure', 'rota', 'contact', 'rule_mode'] loop
        execute format('create policy owner_all on %I to steady_owner using (true) with check (true)', name);
    end loop;
end $$;

create policy own_org on closure for select to steady_app using (org_id = app_org());
create policy own_org on rota for select to steady_app using (org_id = app_org());
-- A patient sees the hours of whoever she shares with, in whichever organisation.
create policy shared_with on team for select to steady_app
    using (team_id in (select g.team_id from access_grant g where g.patient_id = (select app_principal())));
create policy shared_with on team_hours for select to steady_app
    using (team_id in (select g.team_id from access_grant g where g.patient_id = (select app_principal())));
create policy shared_with on closure for select to steady_app
    using (team_id in (select g.team_id from access_grant g where g.patient_id = (select app_principal())));

create policy ingest_group on escalation to steady_ingest
    using (patient_id = any ((select app_patients())::uuid[])) with check (patient_id = any ((select app_patients())::uuid[]));
create policy seen on escalation for select to steady_app
    using ((patient_id, episode) in (select e.patient_id, e.id from episode e));
create policy act on escalation to steady_app
    using (patient_id in (select e.patient_id from effective_access e
            where e.principal = (select app_principal()) and e.may_act))
    with check ((patient_id, episode) in (select e.patient_id, e.id from episode e));
create policy seen on delivery for select to steady_app
    using ((patient_id, episode) in (select e.patient_id, e.id from episode e));
-- A receipt is one's own: whoever opens the person or takes the concern has seen what they were told.
create policy receive on delivery for update to steady_app
    using (recipient = (select app_principal())) with check (recipient = (select app_principal()));

-- What every service starts with (decision 022): noisy ambers are recorded only. Two people of a service may sign otherwise.
insert into rule_mode (mode_id, rule, team_id, mode, from_at, by, reason)
select ('00000000-0000-4000-8000-0000000000' || lpad(place::text, 2, '0'))::uuid, rule, null, 'shadow', '2026-01-01Z',
       'the rule set as delivered', 'finds little that HF-E1, CO-E1 and AS-E1 do not, at many false flags (evaluation)'
  from unnest(array['AS-2', 'CO-2', 'HF-C1', 'HF-W3', 'HF-W5']) with ordinality as preset (rule, place);

create policy anybody on rule_mode for select to steady_app, steady_ingest using (true);
grant select on rule_mode to steady_app, steady_ingest;
grant select, insert, update (to_at) on rule_mode to steady_worker;
grant select on closure, rota to steady_app;
grant select, insert, update, delete on escalation to steady_app, steady_ingest, steady_worker;
grant select on delivery to steady_app;
grant update (received_at) on delivery to steady_app;
grant select, insert, update on delivery to steady_worker;
grant select on closure, rota, contact to steady_worker;
create policy watch_read on escalation for select to steady_watch using (true);
grant select on escalation to steady_watch;

-- What the ladder does to an episode: it goes back to the queue without an owner, and the history says so.
grant update (state, version, owner, acknowledged_at, snoozed_until, snooze_reason) on episode to steady_worker;
grant update (version) on picture to steady_worker;
grant insert on episode_event, change_log, outbox to steady_worker;

-- When a device last sent, never what: the worker asks no value of a reading.
create policy worker_when on reading for select to steady_worker using (true);
create policy worker_when on sensor_hour for select to steady_worker using (true);
grant select (patient_id, device, taken_at, received_at) on reading to steady_worker;
grant select (patient_id, device, hour, received_at) on sensor_hour to steady_worker;
grant select, insert, update on vendor_silence to steady_worker;
create policy watch_read on vendor_silence for select to steady_watch using (true);
grant select on vendor_silence to steady_watch;
