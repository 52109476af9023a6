-- Readings, the picture they make, what was judged, and who must be told: all written in one commit (architecture 3).
set lock_timeout = '5s';
set statement_timeout = '60s';

-- Narrow rows and one index (architecture 8). `kind / 100` is the data class that grants speak of.
create table reading (
    patient_id uuid not null,
    taken_at timestamptz not null,
    received_at timestamptz not null,
    id uuid not null,
    tx xid8 not null default pg_current_xact_id(),
    device integer not null default 0,
    kind smallint not null,
    rules smallint not null,
    source smallint not null,
    time_source smallint not null default 0,
    offset_min smallint not null default 0,
    status smallint not null default 0 check (status between 0 and 2),
    manual boolean not null default false,
    value numeric not null check (value > '-Infinity' and value < 'Infinity'),
    value2 numeric check (value2 > '-Infinity' and value2 < 'Infinity'),
    value3 numeric check (value3 > '-Infinity' and value3 < 'Infinity'),
    original numeric[],
    unit text,
    comparator text check (comparator in ('<', '>')),
    context jsonb,
    device_time timestamptz,
    corrects uuid,
    marks text[],
    primary key (patient_id, kind, taken_at, id)
) partition by range (taken_at);

-- Sensor samples: one row an hour and device, samples in order of their second (288 a day cannot be rows).
create table sensor_hour (
    patient_id uuid not null,
    kind smallint not null,
    hour timestamptz not null,
    device integer not null,
    received_at timestamptz not null,
    tx xid8 not null default pg_current_xact_id(),
    rules smallint not null,
    source smallint not null,
    time_source smallint not null default 0,
    offset_min smallint not null default 0,
    ms integer[] not null,
    value numeric[] not null,
    unit text[] not null,
    comparator text[] not null,
    marks text[] not null,
    status smallint[] not null,
    primary key (patient_id, kind, hour, device)
) partition by range (hour);

-- One row a patient: the version guard, the last ids received, and what is needed to judge again without a new reading.
create table picture (
    patient_id uuid primary key references patient,
    version bigint not null default 0,
    recent_ids bytea not null default '',
    orphans jsonb not null default '{}',
    verdicts jsonb not null default '{}',
    last_at timestamptz,
    tx xid8 not null default pg_current_xact_id()
) with (fillfactor = 60);  -- room for the next version on the same page: updates touch no index

create table quarantine (
    patient_id uuid not null,
    id uuid not null,
    kind smallint not null,
    received_at timestamptz not null,
    draft jsonb not null,
    code text not null,
    pointer text not null,
    detail text not null,
    actor uuid not null,
    state text not null default 'held' check (state in ('held', 'released', 'corrected', 'discarded')),
    version integer not null default 1,
    reading uuid,
    reading_at timestamptz,
    primary key (patient_id, id)
);

-- Every decision about a held reading, with author and reason (DQ-12).
create table quarantine_event (
    patient_id uuid not null,
    id uuid not null,
    seq integer generated always as identity,
    at timestamptz not null,
    what text not null check (what in ('release', 'correct', 'discard', 'hold', 'confirm')),
    by uuid not null,
    reason text not null,
    primary key (patient_id, id, seq),
    foreign key (patient_id, id) references quarantine (patient_id, id)
);

-- F13: a reading for which another one stands (worked out whenever somebody judges), and what a person said about it.
create table reading_link (
    patient_id uuid not null,
    copy uuid not null,
    kind smallint not null,
    copy_at timestamptz not null,
    kept uuid,
    is_apart boolean not null default false,
    by uuid,
    reason text not null default '',
    at timestamptz not null,
    primary key (patient_id, copy)
);

-- Corrections and retractions, with author and reason; the old row keeps its values (ING-9).
create table correction (
    patient_id uuid not null,
    corrects uuid not null,
    id uuid not null,
    retracts boolean not null,
    reason text not null default '',
    author uuid not null,
    at timestamptz not null,
    primary key (patient_id, corrects, id)
);

create table judgement (
    patient_id uuid not null,
    id uuid not null,
    rule text not null,
    rule_version smallint not null,
    data_class smallint not null,
    anchor uuid not null,
    anchor_at timestamptz not null,
    judged_at timestamptz not null,
    verdict text not null,
    severity smallint,
    emergency boolean not null,
    body jsonb not null,
    primary key (patient_id, id)
);

create table episode (
    patient_id uuid not null,
    id uuid not null,
    "group" text not null,
    data_class smallint not null,
    severity smallint not null check (severity between 1 and 3),
    emergency boolean not null,
    floor_emergency boolean not null,
    state text not null check (state in ('open', 'acknowledged', 'in_progress', 'closed')),
    version integer not null,
    opened_at timestamptz not null,
    raised_at timestamptz not null,
    owner uuid,
    acknowledged_at timestamptz,
    snoozed_until timestamptz,
    snooze_reason text,
    expires_at timestamptz,
    cleared_at timestamptz,
    closed_at timestamptz,
    closed_how text,
    result text,
    dismiss_reason text,
    primary key (patient_id, id),
    check ((state = 'closed') = (closed_at is not null))
);
-- AL-2: one open episode per patient and group.
create unique index episode_open on episode (patient_id, "group") where state <> 'closed';

create table flag (
    patient_id uuid not null,
    id uuid not null,
    episode uuid,
    rule text not null,
    data_class smallint not null,
    anchor uuid not null,
    anchor_at timestamptz not null,
    severity smallint not null,
    emergency boolean not null,
    state text not null check (state in ('active', 'explained', 'withdrawn', 'found_late', 'shadow')),
    judgement uuid not null,
    raised_at timestamptz not null,
    primary key (patient_id, id),
    unique (patient_id, rule, anchor),
    foreign key (patient_id, judgement) references judgement (patient_id, id),
    foreign key (patient_id, episode) references episode (patient_id, id)
);
create index flag_episode on flag (patient_id, episode);

create table episode_event (
    patient_id uuid not null,
    episode uuid not null,
    seq integer generated always as identity,
    at timestamptz not null,
    what text not null,
    by uuid,
    body jsonb not null default '{}',
    primary key (patient_id, episode, seq),
    foreign key (patient_id, episode) references episode (patient_id, id)
);

-- Not patient tables (architecture 6): claimed across patients with `skip locked`.
create table outbox (
    id uuid primary key,
    patient_id uuid not null,
    episode uuid,
    audience text not null,
    topic text not null,
    -- which staff, found on the rota when it is sent, and by which of their channels
    role text not null default 'nurse',
    place smallint not null default 1,
    recipient uuid,
    -- where an answer goes to whoever wrote: a number that a text came from
    address text not null default '',
    severity smallint,
    emergency boolean not null default false,
    advice text,
    words text not null default '',
    dedupe text not null unique,
    created_at timestamptz not null,
    due_at timestamptz not null,
    lease_owner uuid,
    lease_until timestamptz,
    fence integer not null default 0,
    attempts integer not null default 0,
    done_at timestamptz,
    result text
);
create index outbox_waiting on outbox (due_at) where done_at is null;

-- When a patient must be judged again if nothing arrives till then (a rule's own repeat, an episode that expires).
create table due (
    patient_id uuid primary key,
    at timestamptz not null
);
create index due_at on due (at);

-- What changed, in commit order: drives live pages, sync and webhooks. Read up to the snapshot's horizon, never by serial alone.
create table change_log (
    tx xid8 not null default pg_current_xact_id(),
    seq bigint generated always as identity,
    entity text not null,
    id uuid not null,
    patient_id uuid not null,
    op text not null,
    at timestamptz not null default now(),
    primary key (tx, seq)
);

-- One row per access; chained per (organisation, day, writer). Append only, even for the owner (AUD-2, AUD-3).
create table audit (
    org_id uuid not null,
    day date not null,
    writer uuid not null,
    seq integer not null,
    at timestamptz not null,
    actor uuid not null,
    actor_kind text not null,
    client text not null,
    jti text not null,
    action text not null check (action in ('C', 'R', 'U', 'D')),
    patient_id uuid not null,
    what text not null,
    n integer not null,
    basis text not null,
    purpose text not null,
    outcome text not null,
    request_id uuid not null,
    hash bytea not null,
    primary key (org_id, day, writer, seq)
);
create index audit_patient on audit (patient_id, at);
create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the audit is append only';
end $$;
create trigger audit_append_only before update or delete or truncate on audit
    for each statement execute function audit_is_append_only();

create table heartbeat (
    duty text primary key,
    at timestamptz not null,
    high_water text not null default ''
);

-- Partitions: monthly around now, yearly back to 2000, a default as net. `app` may not create, so one definer function does.
create function make_partitions(first_month date, last_month date) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    parent text;
    month date;
    name text;
    made integer := 0;
begin
    foreach parent in array array['reading', 'sensor_hour'] loop
        month := date_trunc('month', first_month);
        while month <= last_month loop
            name := parent || '_' || to_char(month, 'YYYYMM');
            if to_regclass('public.' || name) is null then
                execute format('create table public.%I partition of public.%I for values from (%L) to (%L)',
                    name, parent, month::timestamp at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
                execute format('alter table public.%I enable row level security', name);
                execute format('alter table public.%I force row level security', name);
                made := made + 1;
            end if;
            month := month + interval '1 month';
        end loop;
    end loop;
    return made;
end $$;
revoke execute on function make_partitions(date, date) from public;
grant execute on function make_partitions(date, date) to steady_worker;

do $$
declare
    parent text;
    year integer;
    name text;
begin
    foreach parent in array array['reading', 'sensor_hour'] loop
        for year in 2000..2025 loop
            name := parent || '_' || year;
            execute format('create table %I partition of %I for values from (%L) to (%L)', name, parent,
                make_timestamptz(year, 1, 1, 0, 0, 0, 'UTC'), make_timestamptz(year + 1, 1, 1, 0, 0, 0, 'UTC'));
            execute format('alter table %I enable row level security', name);
            execute format('alter table %I force row level security', name);
        end loop;
        execute format('create table %I partition of %I default', parent || '_other', parent);
        execute format('alter table %I enable row level security', parent || '_other');
        execute format('alter table %I force row level security', parent || '_other');
    end loop;
    perform make_partitions('2026-01-01', (now() + interval '3 months')::date);
end $$;

-- Row policies.
do $$
declare
    name text;
begin
    foreach name in array array['reading', 'sensor_hour', 'picture', 'quarantine', 'quarantine_event', 'reading_link', 'correction', 'judgement',
        'episode', 'flag', 'episode_event', 'outbox', 'due', 'change_log', 'audit', 'heartbeat']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
    end loop;
    -- The grouped commit sees and writes only the patients of its group.
    foreach name in array array['reading', 'sensor_hour', 'picture', 'quarantine', 'quarantine_event', 'reading_link',
        'correction',
        'judgement', 'episode', 'flag', 'episode_event', 'due', 'outbox', 'change_log']
    loop
        execute format('create policy ingest_group on %I to steady_ingest '
            'using (patient_id = any ((select app_patients())::uuid[])) '
            'with check (patient_id = any ((select app_patients())::uuid[]))', name);
    end loop;
    -- A class of data is read where EffectiveAccess says so.
    foreach name in array array['judgement', 'episode', 'flag'] loop
        -- Asked row by row, or worked out once for all, as the planner finds cheaper: of a caseload few people have a concern.
        execute format('create policy granted on %1$I for select to steady_app using (exists '
            '(select from effective_access e where e.principal = (select app_principal()) and e.may_read '
            'and e.patient_id = %1$I.patient_id and e.data_class = %1$I.data_class))', name);
    end loop;
    foreach name in array array['reading', 'sensor_hour', 'quarantine', 'reading_link'] loop
        execute format('create policy granted on %I for select to steady_app using ((patient_id, (kind / 100)::smallint) in '
            '(select e.patient_id, e.data_class from effective_access e '
            'where e.principal = (select app_principal()) and e.may_read))', name);
    end loop;
    foreach name in array array['picture', 'correction'] loop
        execute format('create policy granted on %I for select to steady_app using (patient_id in '
            '(select e.patient_id from effective_access e where e.principal = (select app_principal()) and e.may_read))', name);
    end loop;
    foreach name in array array['episode', 'flag', 'episode_event', 'judgement', 'picture', 'outbox', 'due', 'change_log', 'heartbeat']
    loop
        execute format('create policy worker_all on %I to steady_worker using (true) with check (true)', name);
    end loop;
end $$;
create policy seen on episode_event for select to steady_app
    using ((patient_id, episode) in (select e.patient_id, e.id from episode e));
create policy live on change_log for select to steady_app using (patient_id in
    (select e.patient_id from effective_access e where e.principal = (select app_principal()) and e.may_read));
-- Staff act on what they may see; nobody else writes an episode but the commit that judges.
create policy act on episode for update to steady_app
    using ((patient_id, data_class) in (select e.patient_id, e.data_class from effective_access e
            where e.principal = (select app_principal()) and e.may_act))
    with check ((patient_id, data_class) in (select e.patient_id, e.data_class from effective_access e
            where e.principal = (select app_principal()) and e.may_act));
create policy act on episode_event for insert to steady_app with check (by = app_principal() and (patient_id, episode) in
    (select e.patient_id, e.id from episode e));
create policy act on change_log for insert to steady_app with check (patient_id in
    (select e.patient_id from effective_access e where e.principal = (select app_principal()) and e.may_read));
create policy act on outbox for insert to steady_app with check (patient_id in
    (select e.patient_id from effective_access e where e.principal = (select app_principal()) and e.may_read));
-- `on conflict (dedupe)` also asks that the new row may be read; of it only that column is granted.
create policy told on outbox for select to steady_app using (patient_id in
    (select e.patient_id from effective_access e where e.principal = (select app_principal()) and e.may_read));
-- What staff do moves the picture on, so that no commit judges with episodes as they were before.
create policy act on picture for update to steady_app
    using (patient_id in (select e.patient_id from effective_access e
            where e.principal = (select app_principal()) and e.may_act))
    with check (true);
-- Decisions are written by the commit that judges what they make (DQ-12); everybody else reads.
create policy seen on quarantine_event for select to steady_app
    using ((patient_id, id) in (select q.patient_id, q.id from quarantine q));
create policy append on audit for insert to steady_app, steady_ingest, steady_worker with check (true);
create policy own_log on audit for select to steady_app using (patient_id = app_principal());
create policy read_all on audit for select to steady_auditor using (true);
create policy owner_read on audit for select to steady_owner using (true);
create policy beat on heartbeat for select to steady_app, steady_watch using (true);
create policy watch_read on outbox for select to steady_watch using (true);
create policy watch_read on due for select to steady_watch using (true);
create policy owner_all on picture to steady_owner using (true) with check (true);

grant select on reading, sensor_hour, picture, quarantine, quarantine_event, reading_link, correction, judgement, episode, flag,
    episode_event, change_log, audit, heartbeat to steady_app;
grant update (state, version, owner, acknowledged_at, snoozed_until, snooze_reason, expires_at, closed_at, closed_how, result,
              dismiss_reason)
    on episode to steady_app;
grant update (version) on picture to steady_app;
grant insert on episode_event, change_log, outbox, audit to steady_app;
grant select, insert, update on reading, sensor_hour, picture, quarantine, reading_link, correction, judgement, episode, flag, due to steady_ingest;
grant delete on due, reading_link to steady_ingest;
grant insert on episode_event, quarantine_event, outbox, change_log, audit to steady_ingest;
-- `on conflict (dedupe)` asks to read that column, and no other.
grant select (dedupe) on outbox to steady_app, steady_ingest;
grant select, update on outbox to steady_worker;
grant select on due, episode, flag, picture, change_log to steady_worker;
grant select, insert, update on heartbeat to steady_worker;
grant insert on audit to steady_worker;
grant select on audit to steady_auditor;
grant select on heartbeat, outbox, due to steady_watch;
