-- Responses to forms; the plan that two people sign; what is expected when, and what became of it.
set lock_timeout = '5s';
set statement_timeout = '60s';

-- One filled-in form. `slots`: the readings that it stands for. `content`: what was sent, so that a retry is told from another
-- response under the same id. `told_at` is the instant as sent; `taken_at` is never ahead of our clock (DQ-7).
create table response (
    patient_id uuid not null references patient,
    id uuid not null,
    form text not null check (length(form) between 1 and 40),
    version smallint not null,
    data_class smallint not null,
    taken_at timestamptz not null,
    told_at timestamptz not null,
    received_at timestamptz not null,
    source smallint not null,
    answers jsonb not null,
    facts jsonb not null,
    left_open text[] not null,
    scores jsonb not null,
    slots jsonb not null,
    content bytea not null,
    is_superseded boolean not null default false,
    corrects uuid,
    reason text,
    author uuid not null,
    primary key (patient_id, id)
);
create index response_newest on response (patient_id, form, taken_at desc);
-- A response is corrected once: whoever corrects it again corrects the newest.
create unique index response_corrected on response (patient_id, corrects) where corrects is not null;

alter table response enable row level security;
alter table response force row level security;
create policy ingest_group on response to steady_ingest
    using (patient_id = any ((select app_patients())::uuid[])) with check (patient_id = any ((select app_patients())::uuid[]));
create policy granted on response for select to steady_app using ((patient_id, data_class) in
    (select e.patient_id, e.data_class from effective_access e where e.principal = (select app_principal()) and e.may_read));
grant select on response to steady_app;
grant select, insert, update (is_superseded) on response to steady_ingest;

-- The part of a commit that comes from forms and from looking for silence (server/ingest.py): it raises a unique violation for
-- a response whose id is there already.
create function ingest_plans(p_at timestamptz, p_rest jsonb) returns void
    language plpgsql as $$
begin
    insert into response (patient_id, id, form, version, data_class, taken_at, told_at, received_at, source, answers, facts,
        left_open, scores, slots, content, is_superseded, corrects, reason, author)
    select r.patient, r.id, r.form, r.version, r.data_class, r.taken_at, r.told_at, p_at, r.source, r.answers, r.facts,
           r.left_open, r.scores, r.slots, decode(r.content, 'hex'), r.is_superseded, r.corrects, r.reason, r.author
      from jsonb_to_recordset(coalesce(p_rest -> 'responses', '[]'))
        as r (patient uuid, id uuid, form text, version smallint, data_class smallint, taken_at timestamptz,
              told_at timestamptz, source smallint, answers jsonb, facts jsonb, left_open text[], scores jsonb, slots jsonb,
              content text, is_superseded boolean, corrects uuid, reason text, author uuid);
    update response o set is_superseded = true
      from jsonb_to_recordset(coalesce(p_rest -> 'responses', '[]')) as r (patient uuid, corrects uuid)
     where o.patient_id = r.patient and o.id = r.corrects;

    insert into expected (patient_id, id, key, day, opens_at, closes_at, state, met_by, met_at)
    select e.patient, e.id, e.key, e.day, e.opens_at, e.closes_at, e.state, e.met_by, e.met_at
      from jsonb_to_recordset(coalesce(p_rest -> 'expected', '[]'))
        as e (patient uuid, id uuid, key text, day date, opens_at timestamptz, closes_at timestamptz, state text,
              met_by uuid, met_at timestamptz)
    on conflict (patient_id, id) do update
       set state = excluded.state, met_by = excluded.met_by, met_at = excluded.met_at;

    insert into next_due (patient_id, at, is_silent, version)
    select d.patient, d.at, d.is_silent, d.version
      from jsonb_to_recordset(coalesce(p_rest -> 'next_due', '[]'))
        as d (patient uuid, at timestamptz, is_silent boolean, version bigint)
    on conflict (patient_id) do update
       set at = excluded.at, is_silent = excluded.is_silent, version = excluded.version;
end $$;
revoke execute on function ingest_plans(timestamptz, jsonb) from public;
grant execute on function ingest_plans(timestamptz, jsonb) to steady_ingest;

-- One version of a person's plan. A draft has a revision; it is in force once both have signed that revision.
create table plan (
    patient_id uuid not null references patient,
    version integer not null check (version > 0),
    revision integer not null default 1,
    state text not null check (state in ('draft', 'in_force', 'superseded')),
    body jsonb not null,
    kinds smallint[] not null,
    forms text[] not null,
    review_on date,
    drafted_by uuid not null,
    drafted_at timestamptz not null,
    from_at timestamptz,
    until_at timestamptz,
    primary key (patient_id, version),
    check ((state = 'draft') = (from_at is null)),
    check ((state = 'superseded') = (until_at is not null))
);
create unique index plan_in_force on plan (patient_id) where state = 'in_force';
create unique index plan_draft on plan (patient_id) where state = 'draft';

create table plan_signature (
    patient_id uuid not null,
    version integer not null,
    revision integer not null,
    role text not null check (role in ('patient', 'clinician')),
    by uuid not null,
    at timestamptz not null,
    primary key (patient_id, version, revision, role),
    foreign key (patient_id, version) references plan (patient_id, version)
);

-- Planned absence (MD-7). It ends by itself, or sooner.
create table plan_pause (
    patient_id uuid not null references patient,
    id uuid not null,
    reason text not null check (reason in ('holiday', 'illness', 'admission', 'other')),
    from_at timestamptz not null,
    to_at timestamptz not null check (to_at >= from_at),
    set_by uuid not null,
    set_at timestamptz not null,
    primary key (patient_id, id)
);

-- What became of each window in which something was expected (MD-1).
create table expected (
    patient_id uuid not null,
    id uuid not null,
    key text not null,
    day date not null,
    opens_at timestamptz not null,
    closes_at timestamptz not null,
    state text not null check (state in ('met', 'missed', 'paused')),
    met_by uuid,
    met_at timestamptz,
    primary key (patient_id, id)
);
create index expected_day on expected (patient_id, day);

-- When somebody's silence is looked at again; not a patient table (architecture 6). `version` is the picture's at the last look.
create table next_due (
    patient_id uuid primary key,
    at timestamptz not null,
    is_silent boolean not null default false,
    version bigint not null default 0
);
create index next_due_at on next_due (at);
create index next_due_silent on next_due (patient_id) where is_silent;

do $$
declare
    name text;
begin
    foreach name in array array['plan', 'plan_signature', 'plan_pause', 'expected', 'next_due'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy ingest_group on %I to steady_ingest '
            'using (patient_id = any ((select app_patients())::uuid[])) '
            'with check (patient_id = any ((select app_patients())::uuid[]))', name);
    end loop;
    -- A plan belongs to the record (data class 0), and so does what is expected.
    foreach name in array array['plan', 'plan_signature', 'plan_pause', 'expected'] loop
        execute format('create policy granted on %I for select to steady_app using (patient_id in (select e.patient_id '
            'from effective_access e where e.principal = (select app_principal()) and e.data_class = 0 and e.may_read))', name);
        execute format('create policy owner_all on %I to steady_owner using (true) with check (true)', name);
    end loop;
    foreach name in array array['plan', 'plan_pause'] loop
        execute format('create policy drafted on %I for insert to steady_app with check (patient_id in (select e.patient_id '
            'from effective_access e where e.principal = (select app_principal()) and e.data_class = 0 and e.may_write))', name);
        execute format('create policy changed on %I for update to steady_app using (patient_id in (select e.patient_id '
            'from effective_access e where e.principal = (select app_principal()) and e.data_class = 0 and e.may_write)) '
            'with check (true)', name);
    end loop;
end $$;
-- Each signs for themselves: no clinician can sign as the patient, and no patient as a clinician (F61).
create policy signed on plan_signature for insert to steady_app with check (by = app_principal() and (
    (role = 'patient' and patient_id = app_principal())
    or (role = 'clinician' and patient_id in (select e.patient_id from effective_access e
            where e.principal = (select app_principal()) and e.data_class = 0 and e.may_write and e.basis = 'grant'))));
create policy begun on next_due for insert to steady_app with check (patient_id in (select e.patient_id
    from effective_access e where e.principal = (select app_principal()) and e.data_class = 0 and e.may_write));
create policy moved on next_due for update to steady_app using (patient_id in (select e.patient_id
    from effective_access e where e.principal = (select app_principal()) and e.data_class = 0 and e.may_write)) with check (true);
create policy seen on next_due for select to steady_app using (patient_id in (select e.patient_id
    from effective_access e where e.principal = (select app_principal()) and e.data_class = 0 and e.may_read));
create policy worker_all on next_due to steady_worker using (true) with check (true);
create policy watch_read on next_due for select to steady_watch using (true);
create policy owner_all on next_due to steady_owner using (true) with check (true);

grant select, insert, update (revision, state, body, kinds, forms, review_on, from_at, until_at) on plan to steady_app;
grant select, insert on plan_signature to steady_app;
grant select, insert, update (to_at) on plan_pause to steady_app;
grant select on expected to steady_app;
grant select, insert, update (at) on next_due to steady_app;
grant select on plan, plan_pause to steady_ingest;
grant select, insert, update on expected, next_due to steady_ingest;
grant select, update (at) on next_due to steady_worker;
grant select on next_due to steady_watch;

-- All that silence is judged by, of one person: plans and absences, what came, what is on record, flags (domain/detection/silence.py).
-- JSON arrays stand in the order of the fields of Known, Kept, FlagMark.
create function plans_load(p_patient uuid, p_at timestamptz, p_rules text[]) returns text
    language plpgsql as $$
declare
    answer jsonb;
    since timestamptz;
begin
    perform set_config('app.patients', array[p_patient]::text, true);
    since := p_at - interval '17 days';
    if not exists (select from expected e where e.patient_id = p_patient) then
        since := p_at - interval '45 days';
    end if;
    select jsonb_build_object(
        'version', i.version, 'zone', p.zone, 'last_at', i.last_at,
        'periods', coalesce((
            select jsonb_agg(jsonb_build_object('expected', coalesce(l.body -> 'expected', '[]'), 'from_at', l.from_at,
                       'until', l.until_at, 'high_risk', coalesce(l.body -> 'highRisk', 'false')) order by l.from_at)
              from plan l
             where l.patient_id = p_patient and l.state <> 'draft'
               and (l.until_at is null or l.until_at > p_at - interval '45 days')), '[]'),
        'pauses', coalesce((
            select jsonb_agg(jsonb_build_object('reason', a.reason, 'from_at', a.from_at, 'to_at', a.to_at))
              from plan_pause a
             where a.patient_id = p_patient and a.to_at > a.from_at and a.to_at > p_at - interval '45 days'), '[]'),
        'readings', coalesce((
            select jsonb_agg(jsonb_build_array(r.kind, r.taken_at, r.id))
              from reading r
             where r.patient_id = p_patient and r.taken_at >= since and r.taken_at <= p_at + interval '1 day' and r.status = 0
               and r.kind in (select unnest(l.kinds) from plan l where l.patient_id = p_patient and l.state <> 'draft')), '[]')
            || coalesce((
            select jsonb_agg(jsonb_build_array(s.kind, s.hour, p_patient))
              from sensor_hour s
             where s.patient_id = p_patient and s.hour >= since and s.hour <= p_at
               and s.kind in (select unnest(l.kinds) from plan l where l.patient_id = p_patient and l.state <> 'draft')), '[]'),
        'responses', coalesce((
            select jsonb_agg(jsonb_build_array(r.form, r.taken_at, r.id))
              from response r
             where r.patient_id = p_patient and r.taken_at >= since and not r.is_superseded), '[]'),
        'kept', coalesce((
            select jsonb_agg(jsonb_build_array(e.id, e.key, e.day, e.opens_at, e.closes_at, e.state))
              from expected e
             where e.patient_id = p_patient and e.day >= (p_at - interval '45 days')::date), '[]'),
        'flags', coalesce((
            select jsonb_agg(jsonb_build_array(f.severity, f.anchor_at, coalesce(e.result = 'admitted', false)))
              from flag f left join episode e on e.patient_id = f.patient_id and e.id = f.episode
             where f.patient_id = p_patient and f.severity >= 2 and f.state <> 'withdrawn' and f.rule <> all (p_rules)
               and f.rule <> 'ING-12' and f.anchor_at > p_at - interval '60 days'), '[]'),
        'marks', coalesce((
            select jsonb_agg(jsonb_build_array(f.rule, f.anchor, f.severity, f.emergency, f.state, f.episode, f.anchor_at))
              from flag f
             where f.patient_id = p_patient and f.rule = any (p_rules) and f.anchor_at > p_at - interval '120 days'), '[]'))
      into answer
      from picture i join patient p on p.patient_id = i.patient_id
     where i.patient_id = p_patient;
    return answer::text;
end $$;
revoke execute on function plans_load(uuid, timestamptz, text[]) from public;
grant execute on function plans_load(uuid, timestamptz, text[]) to steady_ingest;
