-- The two calls of the grouped commit: load what judging needs, and commit all of it or nothing, each in one round trip.
set lock_timeout = '5s';
set statement_timeout = '60s';

-- What rules need to know of a person: facts and limits are dated (0011 says which limits concern whom).
create function profile_of(p_patient uuid) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object(
            'zone', p.zone, 'birth_on', p.birth_on,
            'facts', coalesce((select jsonb_agg(jsonb_build_array(f.key, f.value, f.from_at, f.to_at)
                                           order by f.from_at, f.key, f.value)
                                 from patient_fact f where f.patient_id = p_patient), '[]'),
            'conditions', coalesce((select jsonb_agg(c.code order by c.code) from patient_condition c
                                     where c.patient_id = p_patient), '[]'),
            'limits', limits_of(p_patient))
          from patient p where p.patient_id = p_patient);
end $$;

-- Everything judging needs of one patient: readings from `p_since` to `p_until` (sensor hours from `p_sample`, kinds that are
-- looked at further back from their own instants), open episodes, flags, profile.
-- JSON arrays stand in the order of the fields of Reading and FlagMark.
create function ingest_load(p_patient uuid, p_since timestamptz, p_until timestamptz, p_sample timestamptz,
    p_long smallint[], p_long_since timestamptz[]) returns text
    language plpgsql as $$
declare
    answer jsonb;
begin
    perform set_config('app.patients', array[p_patient]::text, true);
    select jsonb_build_object(
        'version', i.version,
        'recent_ids', encode(i.recent_ids, 'base64'),
        'orphans', i.orphans,
        'verdicts', i.verdicts,
        'due_at', (select d.at from due d where d.patient_id = p_patient),
        'apart', coalesce((select jsonb_agg(l.copy) from reading_link l where l.patient_id = p_patient and l.is_apart), '[]'),
        'profile', profile_of(p_patient),
        'readings', coalesce((
            select jsonb_agg(jsonb_build_array(r.id, r.kind, r.taken_at, r.received_at, r.value, r.value2, r.value3,
                       r.original, r.unit, r.comparator, r.context, r.device, r.manual, r.source, r.time_source,
                       r.offset_min, r.device_time, r.corrects, coalesce(to_jsonb(r.marks), '[]'), r.status)
                       order by r.kind, r.taken_at, r.id)
              from (select a.* from reading a
                     where a.patient_id = p_patient and a.taken_at >= p_since and a.taken_at <= p_until
                     union all
                    select b.* from unnest(p_long, p_long_since) as l (kind, since)
                      join reading b on b.kind = l.kind and b.taken_at >= l.since
                     where b.patient_id = p_patient and b.taken_at < p_since) r), '[]'),
        'hours', coalesce((
            select jsonb_agg(jsonb_build_object('kind', s.kind, 'hour', s.hour, 'device', s.device,
                       'received_at', s.received_at, 'source', s.source, 'time_source', s.time_source,
                       'offset_min', s.offset_min, 'ms', s.ms, 'value', s.value, 'unit', s.unit,
                       'comparator', s.comparator, 'marks', s.marks, 'status', s.status))
              from sensor_hour s
             where s.patient_id = p_patient and s.hour >= date_trunc('hour', p_sample) and s.hour <= p_until), '[]'),
        'flags', coalesce((
            select jsonb_agg(jsonb_build_array(f.rule, f.anchor, f.severity, f.emergency, f.state, f.episode, f.anchor_at))
              from flag f
             where f.patient_id = p_patient
               and (f.anchor_at between p_since and p_until
                    or f.episode in (select e.id from episode e where e.patient_id = p_patient and e.state <> 'closed'))), '[]'),
        'resolved', coalesce((
            select jsonb_object_agg(w.name, w.at)
              from (select f.rule || ':' || f.severity as name, max(e.closed_at) as at
                      from episode e join flag f on f.patient_id = e.patient_id and f.episode = e.id
                     where e.patient_id = p_patient and e.closed_how = 'resolved' and e.closed_at > now() - interval '72 hours'
                     group by f.rule, f.severity) as w), '{}'),
        'shadow', coalesce((
            -- Recorded only where no team that looks after the person still wants to see it.
            select jsonb_agg(w.rule) from (
                select s.rule
                  from (select distinct g.team_id from access_grant g
                         where g.patient_id = p_patient and g.from_at <= now() and (g.to_at is null or g.to_at > now())) t
                 cross join lateral shadowed_rules(t.team_id, now()) as s (rule)
                 group by s.rule
                having count(*) = (select count(distinct g.team_id) from access_grant g
                                    where g.patient_id = p_patient and g.from_at <= now() and (g.to_at is null or g.to_at > now()))) w), '[]'),
        'episodes', coalesce((
            select jsonb_agg(to_jsonb(e) - 'patient_id' - 'data_class') from episode e
             where e.patient_id = p_patient and e.state <> 'closed'), '[]'))
      into answer
      from picture i
     where i.patient_id = p_patient;
    return answer::text;
end $$;

-- Commit a group, or write nothing and say why: `refused` are places in the pair arrays that may not write now,
-- `stale` are patients whose picture moved on. A reading that is there already raises 'P0001' and undoes all.
create function ingest_commit(
    p_at timestamptz, p_rules smallint,
    pair_actor uuid[], pair_patient uuid[], pair_class smallint[],
    guard_patient uuid[], guard_version bigint[], guard_recent bytea[], guard_last timestamptz[],
    r_patient uuid[], r_kind smallint[], r_taken timestamptz[], r_id uuid[], r_device integer[], r_source smallint[],
    r_offset smallint[], r_value numeric[],
    r_value2 numeric[], r_more jsonb,
    p_rest jsonb,
    p_writer uuid, a_org uuid[], a_seq integer[], a_actor uuid[], a_kind text[], a_client text[], a_jti text[],
    a_patient uuid[], a_what text[], a_n integer[], a_basis text[], a_request uuid[], a_hash bytea[],
    out refused integer[], out stale uuid[])
    language plpgsql as $$
declare
    counted integer;
begin
    -- A patient who writes for nobody but herself needs one look at the principal (the view's first branch, and most commits);
    -- anybody else is asked of the view, whose joins cost three times as much to set up as the insert itself.
    if pair_actor = pair_patient then
        select array_agg(p.i) into refused
          from unnest(pair_actor) with ordinality as p (actor, i)
         where not exists (select from principal s
                            where s.principal_id = p.actor and s.kind = 'patient' and s.ended_at is null);
        if refused is not null then
            return;
        end if;
    elsif pair_actor is not null then
        select array_agg(p.i) into refused
          from unnest(pair_actor, pair_patient, pair_class) with ordinality as p (actor, patient, class, i)
         where not exists (select from effective_access e
                            where e.principal = p.actor and e.patient_id = p.patient and e.data_class = p.class
                              and e.may_write);
        if refused is not null then
            return;
        end if;
    end if;
    perform set_config('app.patients', guard_patient::text, true);

    -- The version guard. Rows are locked in order of patient, so that two groups cannot wait for each other.
    if cardinality(guard_patient) > 1 then
        with locked as materialized (
            select i.patient_id, i.version from picture i where i.patient_id = any (guard_patient)
             order by i.patient_id for update)
        select array_agg(g.patient) into stale
          from unnest(guard_patient, guard_version) as g (patient, version)
          left join locked i on i.patient_id = g.patient and i.version = g.version
         where i.patient_id is null;
        if stale is not null then
            return;
        end if;
    end if;
    update picture i
       set version = i.version + 1, recent_ids = coalesce(g.recent, i.recent_ids),
           last_at = greatest(i.last_at, g.last_at), tx = pg_current_xact_id()
      from unnest(guard_patient, guard_version, guard_recent, guard_last) as g (patient, version, recent, last_at)
     where i.patient_id = g.patient and i.version = g.version;
    get diagnostics counted = row_count;
    if counted <> cardinality(guard_patient) then
        stale := guard_patient;
        return;
    end if;

    if r_id is not null then
        -- What most readings do not have travels beside the arrays: a column costs each statement its set-up.
        if r_more is null then
            insert into reading (patient_id, kind, taken_at, received_at, id, rules, device, source, offset_min, value, value2)
            select r.patient, r.kind, r.taken, p_at, r.id, p_rules, r.device, r.source, r.offset_min, r.value, r.value2
              from unnest(r_patient, r_kind, r_taken, r_id, r_device, r_source, r_offset, r_value, r_value2)
                as r (patient, kind, taken, id, device, source, offset_min, value, value2)
            on conflict (patient_id, kind, taken_at, id) do nothing;
            get diagnostics counted = row_count;
        else
            with added as (
                insert into reading (patient_id, kind, taken_at, received_at, id, rules, device, source, offset_min, value,
                    value2, value3, original, unit, comparator, context, time_source, manual, device_time, corrects, marks,
                    status)
                select r.patient, r.kind, r.taken, p_at, r.id, p_rules, r.device, r.source, r.offset_min, r.value, r.value2,
                       m.value3, m.original, m.unit, m.comparator, m.context, coalesce(m.time_source, 0::smallint),
                       coalesce(m.manual, false), m.device_time, m.corrects, m.marks, coalesce(m.status, 0::smallint)
                  from unnest(r_patient, r_kind, r_taken, r_id, r_device, r_source, r_offset, r_value, r_value2)
                       with ordinality as r (patient, kind, taken, id, device, source, offset_min, value, value2, place)
                  left join jsonb_to_recordset(r_more) as m (place bigint, value3 numeric, original numeric[], unit text,
                       comparator text, context jsonb, time_source smallint, manual boolean, device_time timestamptz,
                       corrects uuid, marks text[], status smallint) on m.place = r.place
                on conflict (patient_id, kind, taken_at, id) do nothing
                returning 1)
            select count(*) into counted from added;
        end if;
        if counted <> cardinality(r_id) then
            raise exception 'a reading is stored already' using errcode = 'P0001';
        end if;
    end if;

    if p_rest is not null then
        perform ingest_rest(p_at, p_rules, p_rest);
    end if;

    if a_seq is not null then
        insert into audit (org_id, day, writer, seq, at, actor, actor_kind, client, jti, action, patient_id, what, n,
            basis, purpose, outcome, request_id, hash)
        select a.org, (p_at at time zone 'UTC')::date, p_writer, a.seq, p_at, a.actor, a.kind, a.client, a.jti, 'C',
               a.patient, a.what, a.n, a.basis, 'direct-care', 'done', a.request, a.hash
          from unnest(a_org, a_seq, a_actor, a_kind, a_client, a_jti, a_patient, a_what, a_n, a_basis, a_request, a_hash)
            as a (org, seq, actor, kind, client, jti, patient, what, n, basis, request, hash);
    end if;
end $$;

-- The same for the plainest group: one request with one reading that changes nothing else. Values instead of arrays cost a
-- third of the set-up, which at one client is most of the work. 0: committed, 1: may not write, 2: the picture moved on.
create function ingest_one(
    p_at timestamptz, p_rules smallint, p_actor uuid, p_patient uuid, p_class smallint, p_version bigint, p_recent bytea,
    p_kind smallint, p_taken timestamptz, p_id uuid, p_device integer, p_source smallint, p_offset smallint, p_value numeric,
    p_value2 numeric,
    p_writer uuid, p_org uuid, p_seq integer, p_actor_kind text, p_client text, p_jti text, p_what text, p_basis text,
    p_request uuid, p_hash bytea) returns smallint
    language plpgsql as $$
begin
    if p_actor = p_patient then
        if not exists (select from principal s
                        where s.principal_id = p_actor and s.kind = 'patient' and s.ended_at is null) then
            return 1;
        end if;
    elsif not exists (select from effective_access e
                       where e.principal = p_actor and e.patient_id = p_patient and e.data_class = p_class and e.may_write) then
        return 1;
    end if;
    perform set_config('app.patients', array[p_patient]::text, true);
    update picture i
       set version = i.version + 1, recent_ids = p_recent, last_at = greatest(i.last_at, p_taken), tx = pg_current_xact_id()
     where i.patient_id = p_patient and i.version = p_version;
    if not found then
        return 2;
    end if;
    insert into reading (patient_id, kind, taken_at, received_at, id, rules, device, source, offset_min, value, value2)
    values (p_patient, p_kind, p_taken, p_at, p_id, p_rules, p_device, p_source, p_offset, p_value, p_value2)
    on conflict (patient_id, kind, taken_at, id) do nothing;
    if not found then
        raise exception 'a reading is stored already' using errcode = 'P0001';
    end if;
    insert into audit (org_id, day, writer, seq, at, actor, actor_kind, client, jti, action, patient_id, what, n, basis,
        purpose, outcome, request_id, hash)
    values (p_org, (p_at at time zone 'UTC')::date, p_writer, p_seq, p_at, p_actor, p_actor_kind, p_client, p_jti, 'C',
        p_patient, p_what, 1, p_basis, 'direct-care', 'done', p_request, p_hash);
    return 0;
end $$;

-- What most commits do not have: corrections, sensor hours, quarantine, judgements, episodes, flags, who must be told.
create function ingest_rest(p_at timestamptz, p_rules smallint, p_rest jsonb) returns void
    language plpgsql as $$
declare
    counted integer;
begin
    -- Only the parts that there are are sent: a statement over nothing costs as much to set up as one over a row.
    if p_rest ? 'pictures' then
        update picture i set orphans = coalesce(g.orphans, i.orphans), verdicts = coalesce(g.verdicts, i.verdicts)
          from jsonb_to_recordset(p_rest -> 'pictures') as g (patient uuid, orphans jsonb, verdicts jsonb)
         where i.patient_id = g.patient;
    end if;
    if p_rest ? 'statuses' then
        update reading r set status = s.status, tx = pg_current_xact_id()
          from jsonb_to_recordset(p_rest -> 'statuses')
            as s (patient uuid, kind smallint, taken_at timestamptz, id uuid, status smallint)
         where r.patient_id = s.patient and r.kind = s.kind and r.taken_at = s.taken_at and r.id = s.id;
    end if;
    if p_rest ? 'hours' then
        insert into sensor_hour (patient_id, kind, hour, device, received_at, rules, source, time_source, offset_min, ms,
            value, unit, comparator, marks, status)
        select h.patient, h.kind, h.hour, h.device, p_at, p_rules, h.source, h.time_source, h.offset_min, h.ms, h.value,
               h.unit, h.comparator, h.marks, h.status
          from jsonb_to_recordset(p_rest -> 'hours') as h (patient uuid, kind smallint, hour timestamptz, device integer,
               source smallint, time_source smallint, offset_min smallint, ms integer[], value numeric[], unit text[],
               comparator text[], marks text[], status smallint[])
        on conflict (patient_id, kind, hour, device) do update
           set ms = excluded.ms, value = excluded.value, unit = excluded.unit, comparator = excluded.comparator,
               marks = excluded.marks, status = excluded.status, received_at = excluded.received_at, rules = excluded.rules,
               tx = pg_current_xact_id();
    end if;
    if p_rest ? 'quarantine' then
        insert into quarantine (patient_id, id, kind, received_at, draft, code, pointer, detail, actor)
        select q.patient, q.id, q.kind, p_at, q.draft, q.code, q.pointer, q.detail, q.actor
          from jsonb_to_recordset(p_rest -> 'quarantine')
            as q (patient uuid, id uuid, kind smallint, draft jsonb, code text, pointer text, detail text, actor uuid)
        on conflict (patient_id, id) do nothing;
    end if;
    if p_rest ? 'links' then
        -- What a person said first: it outlasts what is worked out.
        insert into reading_link (patient_id, copy, kind, copy_at, is_apart, by, reason, at)
        select l.patient, l.copy, l.kind, l.copy_at, l.said = 'apart', l.by, coalesce(l.reason, ''), p_at
          from jsonb_to_recordset(p_rest -> 'links')
            as l (patient uuid, copy uuid, kind smallint, copy_at timestamptz, said text, by uuid, reason text)
         where l.said is not null
        on conflict (patient_id, copy) do update
           set is_apart = excluded.is_apart, by = excluded.by, reason = excluded.reason, at = excluded.at;
        delete from reading_link l using jsonb_to_recordset(p_rest -> 'links') as g (patient uuid, copy uuid, said text)
         where l.patient_id = g.patient and l.copy = g.copy and g.said is null and l.by is null;
        insert into reading_link (patient_id, copy, kind, copy_at, kept, at)
        select l.patient, l.copy, l.kind, l.copy_at, l.kept, p_at
          from jsonb_to_recordset(p_rest -> 'links')
            as l (patient uuid, copy uuid, kind smallint, copy_at timestamptz, said text, kept uuid)
         where l.said is null and l.kept is not null
        on conflict (patient_id, copy) do update set kept = excluded.kept;
    end if;
    if p_rest ? 'decisions' then
        with decided as (
            update quarantine q
               set state = d.state, version = q.version + 1, reading = d.reading, reading_at = d.reading_at
              from jsonb_to_recordset(p_rest -> 'decisions') as d (patient uuid, id uuid, version integer, state text,
                   reading uuid, reading_at timestamptz)
             where q.patient_id = d.patient and q.id = d.id and q.version = d.version
            returning 1)
        select count(*) into counted from decided;
        if counted <> jsonb_array_length(p_rest -> 'decisions') then
            raise exception 'somebody decided meanwhile' using errcode = 'P0002';
        end if;
        insert into quarantine_event (patient_id, id, at, what, by, reason)
        select d.patient, d.id, p_at, d.what, d.by, d.reason
          from jsonb_to_recordset(p_rest -> 'decisions')
            as d (patient uuid, id uuid, what text, by uuid, reason text);
    end if;
    if p_rest ? 'corrections' then
        insert into correction (patient_id, corrects, id, retracts, reason, author, at)
        select c.patient, c.corrects, c.id, c.retracts, coalesce(c.reason, ''), c.author, p_at
          from jsonb_to_recordset(p_rest -> 'corrections')
            as c (patient uuid, corrects uuid, id uuid, retracts boolean, reason text, author uuid)
        on conflict (patient_id, corrects, id) do nothing;
    end if;
    if p_rest ? 'judgements' then
        insert into judgement (patient_id, id, rule, rule_version, data_class, anchor, anchor_at, judged_at, verdict, severity,
            emergency, body)
        select j.patient, j.id, j.rule, j.rule_version, j.data_class, j.anchor, j.anchor_at, p_at, j.verdict, j.severity,
               j.emergency, j.body
          from jsonb_to_recordset(p_rest -> 'judgements')
            as j (patient uuid, id uuid, rule text, rule_version smallint, data_class smallint, anchor uuid,
                  anchor_at timestamptz, verdict text, severity smallint, emergency boolean, body jsonb);
    end if;
    if p_rest ? 'episodes' then
        insert into episode (patient_id, id, "group", data_class, severity, emergency, floor_emergency, state, version, opened_at,
            raised_at, owner, acknowledged_at, snoozed_until, snooze_reason, expires_at, cleared_at, closed_at, closed_how, result,
            dismiss_reason)
        select e.patient, e.id, e."group", e.data_class, e.severity, e.emergency, e.floor_emergency, e.state, e.version,
               e.opened_at, e.raised_at, e.owner, e.acknowledged_at, e.snoozed_until, e.snooze_reason, e.expires_at,
               e.cleared_at, e.closed_at, e.closed_how, e.result, e.dismiss_reason
          from jsonb_to_recordset(p_rest -> 'episodes')
            as e (patient uuid, id uuid, "group" text, data_class smallint, severity smallint, emergency boolean,
                  floor_emergency boolean, state text, version integer, opened_at timestamptz, raised_at timestamptz,
                  owner uuid, acknowledged_at timestamptz, snoozed_until timestamptz, snooze_reason text,
                  expires_at timestamptz, cleared_at timestamptz, closed_at timestamptz, closed_how text, result text, dismiss_reason text)
        on conflict (patient_id, id) do update
           set severity = excluded.severity, emergency = excluded.emergency, floor_emergency = excluded.floor_emergency,
               state = excluded.state, version = excluded.version, raised_at = excluded.raised_at, owner = excluded.owner,
               acknowledged_at = excluded.acknowledged_at, snoozed_until = excluded.snoozed_until,
               snooze_reason = excluded.snooze_reason, expires_at = excluded.expires_at, cleared_at = excluded.cleared_at, closed_at = excluded.closed_at,
               closed_how = excluded.closed_how, result = excluded.result, dismiss_reason = excluded.dismiss_reason;
    end if;
    if p_rest ? 'flags' then
        insert into flag (patient_id, id, episode, rule, data_class, anchor, anchor_at, severity, emergency, state, judgement,
            raised_at)
        select f.patient, f.id, f.episode, f.rule, f.data_class, f.anchor, f.anchor_at, f.severity, f.emergency, f.state,
               f.judgement, p_at
          from jsonb_to_recordset(p_rest -> 'flags')
            as f (patient uuid, id uuid, episode uuid, rule text, data_class smallint, anchor uuid, anchor_at timestamptz,
                  severity smallint, emergency boolean, state text, judgement uuid)
        on conflict (patient_id, rule, anchor) do update
           set severity = excluded.severity, emergency = excluded.emergency, state = excluded.state,
               -- What was seen and said stays with a flag that no longer stands.
               judgement = case when excluded.state in ('explained', 'withdrawn') then flag.judgement else excluded.judgement end,
               episode = coalesce(excluded.episode, flag.episode);
    end if;
    if p_rest ? 'events' then
        insert into episode_event (patient_id, episode, at, what, by, body)
        select v.patient, v.episode, v.at, v.what, v.by, coalesce(v.body, '{}')
          from jsonb_to_recordset(p_rest -> 'events')
            as v (patient uuid, episode uuid, at timestamptz, what text, by uuid, body jsonb);
    end if;
    if p_rest ? 'timers' then
        insert into escalation (patient_id, episode, severity, emergency, since, step, due_at)
        select t.patient, t.episode, t.severity, coalesce(t.emergency, false), t.since, t.step, t.due_at
          from jsonb_to_recordset(p_rest -> 'timers') as t (patient uuid, episode uuid, severity smallint, emergency boolean,
               since timestamptz, step text, due_at timestamptz)
        on conflict (patient_id, episode) do update
           set severity = excluded.severity, emergency = excluded.emergency, since = excluded.since, step = excluded.step,
               due_at = excluded.due_at;
    end if;
    if p_rest ? 'episodes' then
        delete from escalation x using jsonb_to_recordset(p_rest -> 'episodes') as e (patient uuid, id uuid, state text)
         where x.patient_id = e.patient and x.episode = e.id and e.state = 'closed';
    end if;
    if p_rest ? 'outbox' then
        insert into outbox (id, patient_id, episode, audience, topic, role, place, recipient, severity, emergency, advice, words,
            dedupe, created_at, due_at)
        select o.id, o.patient, o.episode, o.audience, o.topic, o.role, o.place, o.recipient, o.severity,
               coalesce(o.emergency, false), o.advice, coalesce(o.words, ''), o.dedupe, p_at, p_at
          from jsonb_to_recordset(p_rest -> 'outbox')
            as o (id uuid, patient uuid, episode uuid, audience text, topic text, role text, place smallint, recipient uuid,
                  severity smallint, emergency boolean, advice text, words text, dedupe text)
        on conflict (dedupe) do nothing;
    end if;
    if p_rest ? 'due' then
        insert into due (patient_id, at)
        select d.patient, d.at from jsonb_to_recordset(p_rest -> 'due') as d (patient uuid, at timestamptz) where d.at is not null
        on conflict (patient_id) do update set at = excluded.at;
        delete from due using jsonb_to_recordset(p_rest -> 'due') as d (patient uuid, at timestamptz)
         where due.patient_id = d.patient and d.at is null;
    end if;
    if p_rest ? 'changes' then
        insert into change_log (entity, id, patient_id, op, at)
        select c.entity, c.id, c.patient, c.op, p_at
          from jsonb_to_recordset(p_rest -> 'changes') as c (entity text, id uuid, patient uuid, op text);
        perform pg_notify('changed', (select string_agg(distinct c.patient::text, ',')
            from jsonb_to_recordset(p_rest -> 'changes') as c (entity text, id uuid, patient uuid, op text)));
    end if;
    if p_rest ?| array['responses', 'next_due'] then
        perform ingest_plans(p_at, p_rest);
    end if;
end $$;

-- Where a reading stands that is named by id alone: a walk over the patient's own key (architecture 8, no second index).
create function ingest_find(p_patient uuid, p_id uuid) returns timestamptz
    language plpgsql as $$
begin
    perform set_config('app.patients', array[p_patient]::text, true);
    return (select r.taken_at from reading r where r.patient_id = p_patient and r.id = p_id limit 1);
end $$;

revoke execute on function ingest_find(uuid, uuid) from public;
revoke execute on function ingest_load(uuid, timestamptz, timestamptz, timestamptz, smallint[], timestamptz[]), ingest_rest(timestamptz, smallint, jsonb) from public;
revoke execute on function ingest_one(
    timestamptz, smallint, uuid, uuid, smallint, bigint, bytea, smallint, timestamptz, uuid, integer, smallint, smallint, numeric,
    numeric, uuid, uuid, integer, text, text, text, text, text, uuid, bytea) from public;
revoke execute on function ingest_commit(
    timestamptz, smallint, uuid[], uuid[], smallint[], uuid[], bigint[], bytea[], timestamptz[],
    uuid[], smallint[], timestamptz[], uuid[], integer[], smallint[], smallint[], numeric[], numeric[], jsonb,
    jsonb, uuid, uuid[], integer[], uuid[], text[], text[], text[], uuid[], text[], integer[], text[], uuid[], bytea[])
    from public;
grant execute on all functions in schema public to steady_ingest;
revoke execute on function make_partitions(date, date) from steady_ingest;
