-- Rules and limits as governed data: what was in force when, who signed it, and what was tried before (F25, F39, F46).
set lock_timeout = '5s';
set statement_timeout = '60s';

-- What somebody wants to change for a service. Its body never changes; two people sign it, each in a column of their own.
create table proposal (
    org_id uuid not null,
    proposal_id uuid primary key,
    team_id uuid not null references team,
    kind text not null check (kind in ('limits', 'mode')),
    body jsonb not null,
    reason text not null check (length(reason) between 1 and 1000),
    proposed_by uuid not null references staff (staff_id),
    proposed_at timestamptz not null,
    from_at timestamptz not null,
    review_at timestamptz not null,
    -- the dry run that the signers look at
    run_id uuid,
    first_by uuid references staff (staff_id),
    first_at timestamptz,
    second_by uuid references staff (staff_id),
    second_at timestamptz,
    ended_by uuid references staff (staff_id),
    ended_at timestamptz,
    end_reason text,
    check (review_at > from_at),
    check ((first_by is null) = (first_at is null)),
    check ((second_by is null) = (second_at is null)),
    check ((ended_by is null) = (ended_at is null)),
    -- the same person cannot sign twice
    check (second_by is null or (first_by is not null and second_by <> first_by and second_by <> proposed_by))
);
create index proposal_team on proposal (team_id, proposed_at);

-- The limits of a service: the newest that has begun holds until the next one begins; no value is the built-in limit again.
create table service_limit (
    org_id uuid not null,
    team_id uuid not null references team,
    name text not null check (length(name) between 3 and 80),
    from_at timestamptz not null,
    limit_id uuid not null,
    value numeric check (value > '-Infinity' and value < 'Infinity'),
    mg numeric check (mg > '-Infinity' and mg < 'Infinity'),
    data_classes smallint[] not null,
    review_at timestamptz not null,
    proposal_id uuid not null references proposal,
    set_at timestamptz not null,
    withdrawn_at timestamptz,
    primary key (team_id, name, from_at, limit_id)
);

-- Each signed change makes the next version of a service's rule set, over a release of the built-in rules. Which one judged is
-- known from the instant: the newest that had begun.
create table rule_set (
    org_id uuid not null,
    team_id uuid not null references team,
    version integer not null check (version > 0),
    release smallint not null,
    from_at timestamptz not null,
    proposal_id uuid not null references proposal,
    withdrawn_at timestamptz,
    primary key (team_id, version)
);

-- The same for one person: a clinician and the person themselves sign (F46).
create table personal_proposal (
    patient_id uuid not null references patient,
    proposal_id uuid not null,
    team_id uuid not null,
    body jsonb not null,
    reason text not null check (length(reason) between 1 and 1000),
    proposed_by uuid not null,
    proposed_at timestamptz not null,
    from_at timestamptz not null,
    to_at timestamptz,
    review_at timestamptz not null,
    clinician uuid,
    clinician_at timestamptz,
    agreed_at timestamptz,
    ended_by uuid,
    ended_at timestamptz,
    end_reason text,
    primary key (patient_id, proposal_id),
    check (review_at > from_at),
    check ((clinician is null) = (clinician_at is null)),
    check (clinician is null or clinician <> patient_id),
    check ((ended_by is null) = (ended_at is null))
);

-- What was tried on the real caseload, with the exact inputs, so that the signers see what the lead saw (F39).
create table dry_run (
    org_id uuid not null,
    run_id uuid primary key,
    team_id uuid not null references team,
    asked_by uuid not null references staff (staff_id),
    asked_at timestamptz not null,
    input jsonb not null,
    done integer not null default 0,
    of_all integer not null default 0,
    lease_until timestamptz,
    attempts smallint not null default 0,
    ended_at timestamptz,
    result jsonb,
    fault text
);
create index dry_run_waiting on dry_run (asked_at) where ended_at is null;
create index dry_run_team on dry_run (team_id, asked_at);

-- What would have changed for whom: seen only where that class of data of that person is shared with who looks.
create table dry_run_person (
    patient_id uuid not null,
    run_id uuid not null,
    data_class smallint not null,
    body jsonb not null,
    primary key (patient_id, run_id, data_class)
);
create index dry_run_person_run on dry_run_person (run_id);

-- Every limit that stands or stood for one person, by name: [value, from, to, mg, layer, team, id] (domain/plans/limits.py).
-- A service's limits hold for those who share that data with the service, while they do.
create function limits_of(p_patient uuid) returns jsonb language sql stable as $$
    with entry as (
        select l.name, l.value, l.from_at, l.to_at, l.mg, 1 as layer, null::uuid as team_id, l.limit_id
          from personal_limit l
         where l.patient_id = p_patient and l.withdrawn_at is null
        union all
        select s.name, s.value, greatest(s.from_at, g.from_at), least(s.until, g.to_at), s.mg, 0, s.team_id, s.limit_id
          from (select t.team_id, t.name, t.value, t.mg, t.from_at, t.limit_id, t.data_classes,
                       lead(t.from_at) over (partition by t.team_id, t.name order by t.from_at, t.limit_id) as until
                  from service_limit t
                 where t.withdrawn_at is null
                   and t.team_id in (select a.team_id from access_grant a where a.patient_id = p_patient)) s
          join access_grant g on g.patient_id = p_patient and g.team_id = s.team_id and s.data_classes <@ g.data_classes
         where greatest(s.from_at, g.from_at) < coalesce(least(s.until, g.to_at), 'infinity'))
    select coalesce(jsonb_object_agg(n.name, n.entries), '{}')
      from (select e.name, jsonb_agg(jsonb_build_array(e.value, e.from_at, e.to_at, e.mg, e.layer, e.team_id, e.limit_id)
                                     order by e.from_at, e.limit_id) as entries
              from entry e group by e.name) n
$$;

-- One person's past as the asker may see it, for judging it again: arrays stand in the order of the fields of Reading.
-- `gone`: what took a reading out of force, and when. `apart`: which copies a person said are readings of their own, and when.
create function history_of(p_patient uuid, p_since timestamptz, p_until timestamptz) returns text language sql stable as $$
    select json_build_object(
        'profile', profile_of(p_patient),
        'readings', coalesce((
            select json_agg(json_build_array(r.id, r.kind, r.taken_at, r.received_at, r.value, r.value2, r.value3,
                       r.original, r.unit, r.comparator, r.context, r.device, r.manual, r.source, r.time_source,
                       r.offset_min, r.device_time, r.corrects, coalesce(r.marks, '{}'), r.status)
                       order by r.kind, r.taken_at, r.id)
              from reading r
             where r.patient_id = p_patient and r.taken_at >= p_since and r.taken_at <= p_until), '[]'),
        'hours', coalesce((
            select json_agg(json_build_object('kind', s.kind, 'hour', s.hour, 'device', s.device,
                       'received_at', s.received_at, 'source', s.source, 'time_source', s.time_source,
                       'offset_min', s.offset_min, 'ms', s.ms, 'value', s.value, 'unit', s.unit,
                       'comparator', s.comparator, 'marks', s.marks, 'status', s.status) order by s.kind, s.hour, s.device)
              from sensor_hour s
             where s.patient_id = p_patient and s.hour >= date_trunc('hour', p_since) and s.hour <= p_until), '[]'),
        'gone', coalesce((
            select json_agg(json_build_array(c.corrects, c.at))
              from correction c
             where c.patient_id = p_patient), '[]'),
        'apart', coalesce((
            select json_agg(json_build_array(l.copy, l.at))
              from reading_link l
             where l.patient_id = p_patient and l.is_apart), '[]'))::text
$$;

do $$
declare
    name text;
begin
    foreach name in array array['rule_set', 'proposal', 'service_limit', 'personal_proposal', 'dry_run', 'dry_run_person']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy owner_all on %I to steady_owner using (true) with check (true)', name);
    end loop;
    -- Staff of the organisation, and whoever shares with the service: its limits concern them.
    foreach name in array array['proposal', 'service_limit', 'rule_set']
    loop
        execute format('create policy concerned on %I for select to steady_app using ('
            '(org_id = (select app_org()) and exists (select from staff s where s.staff_id = (select app_principal()))) '
            'or team_id in (select g.team_id from access_grant g where g.patient_id = (select app_principal())))', name);
    end loop;
end $$;

-- A lead or an administrator proposes; clinicians of that service sign, and whoever is concerned may take it back.
create policy propose on proposal for insert to steady_app with check (
    proposed_by = app_principal() and org_id = app_org() and first_by is null and second_by is null and ended_by is null
    and exists (select from staff s where s.staff_id = app_principal() and s.role in ('lead', 'admin'))
    and exists (select from team t where t.team_id = proposal.team_id));
create policy sign on proposal for update to steady_app
    using (org_id = app_org()
           and (proposed_by = app_principal()
                or team_id in (select m.team_id from team_member m join staff s on s.staff_id = m.staff_id
                                where m.staff_id = app_principal() and m.from_at <= now() and (m.to_at is null or m.to_at > now())
                                  and s.role in ('nurse', 'lead'))))
    with check (org_id = app_org());
-- A limit exists only where two different people signed for it: the database says so as well.
create policy signed on service_limit for insert to steady_app with check (
    org_id = app_org()
    and exists (select from proposal p where p.proposal_id = service_limit.proposal_id and p.team_id = service_limit.team_id
                   and p.first_by is not null and p.second_by is not null and p.ended_by is null
                   and app_principal() in (p.first_by, p.second_by)));
create policy signed on rule_set for insert to steady_app with check (
    org_id = app_org()
    and exists (select from proposal p where p.proposal_id = rule_set.proposal_id and p.team_id = rule_set.team_id
                   and p.first_by is not null and p.second_by = app_principal() and p.ended_by is null));
create policy take_back on rule_set for update to steady_app
    using (org_id = app_org() and from_at > now()
           and exists (select from proposal p where p.proposal_id = rule_set.proposal_id and p.ended_by = app_principal()))
    with check (true);
-- The same for a rule's mode: what stands in the row is what both signed.
create policy signed on rule_mode for insert to steady_app with check (
    exists (select from proposal p where p.proposal_id = rule_mode.proposal_id and p.team_id = rule_mode.team_id and p.kind = 'mode'
               and p.body ->> rule_mode.rule = rule_mode.mode and p.org_id = app_org()
               and p.first_by is not null and p.second_by = app_principal() and p.ended_by is null));
create policy take_back on service_limit for update to steady_app
    using (org_id = app_org() and from_at > now()
           and exists (select from proposal p where p.proposal_id = service_limit.proposal_id and p.ended_by = app_principal()))
    with check (true);

create policy concerned on personal_proposal for select to steady_app
    using (patient_id in (select e.patient_id from effective_access e
                           where e.principal = (select app_principal()) and e.may_read));
create policy propose on personal_proposal for insert to steady_app with check (
    proposed_by = app_principal() and clinician is null and agreed_at is null and ended_by is null
    and exists (select from effective_access e where e.principal = app_principal()
                   and e.patient_id = personal_proposal.patient_id and e.may_write));
create policy sign on personal_proposal for update to steady_app
    using (exists (select from effective_access e where e.principal = app_principal()
                      and e.patient_id = personal_proposal.patient_id and e.may_write))
    with check (true);
create policy signed on personal_limit for insert to steady_app with check (
    exists (select from personal_proposal p where p.patient_id = personal_limit.patient_id
               and p.proposal_id = personal_limit.proposal_id and p.clinician is not null and p.agreed_at is not null
               and p.ended_by is null and app_principal() in (p.clinician, p.patient_id)));
create policy take_back on personal_limit for update to steady_app
    using (from_at > now() and exists (select from personal_proposal p where p.patient_id = personal_limit.patient_id
               and p.proposal_id = personal_limit.proposal_id and p.ended_by = app_principal()))
    with check (true);

-- What a person agreed to makes their own cached picture stale.
create policy own_move on picture for update to steady_app
    using (patient_id = (select app_principal())) with check (patient_id = (select app_principal()));

create policy own_org on dry_run for select to steady_app
    using (org_id = (select app_org()) and exists (select from staff s where s.staff_id = (select app_principal())));
create policy ask on dry_run for insert to steady_app with check (
    asked_by = app_principal() and org_id = app_org()
    and exists (select from staff s where s.staff_id = app_principal() and s.role in ('nurse', 'lead', 'admin')));
create policy own on dry_run for update to steady_app using (asked_by = app_principal()) with check (asked_by = app_principal());
create policy worker_all on dry_run to steady_worker using (true) with check (true);
create policy granted on dry_run_person for select to steady_app
    using ((patient_id, data_class) in (select e.patient_id, e.data_class from effective_access e
                                          where e.principal = (select app_principal()) and e.may_read));
create policy keep on dry_run_person for insert to steady_app with check (
    (patient_id, data_class) in (select e.patient_id, e.data_class from effective_access e
                                   where e.principal = (select app_principal()) and e.may_read)
    and exists (select from dry_run d where d.run_id = dry_run_person.run_id and d.asked_by = app_principal()));

create policy ingest_read on service_limit for select to steady_ingest using (true);
create policy worker_read on service_limit for select to steady_worker using (true);

grant select on rule_set, proposal, service_limit, personal_proposal, dry_run, dry_run_person to steady_app;
grant insert (org_id, proposal_id, team_id, kind, body, reason, proposed_by, proposed_at, from_at, review_at, run_id)
    on proposal to steady_app;
grant update (first_by, first_at, second_by, second_at, ended_by, ended_at, end_reason) on proposal to steady_app;
grant insert on service_limit, rule_set to steady_app;
grant insert (mode_id, rule, team_id, mode, from_at, by, reason, proposal_id) on rule_mode to steady_app;
grant update (withdrawn_at) on service_limit, personal_limit, rule_set to steady_app;
grant insert (patient_id, proposal_id, team_id, body, reason, proposed_by, proposed_at, from_at, to_at, review_at)
    on personal_proposal to steady_app;
grant update (clinician, clinician_at, agreed_at, ended_by, ended_at, end_reason) on personal_proposal to steady_app;
grant insert (patient_id, limit_id, name, value, mg, from_at, to_at, set_by, set_at, reason, review_at, proposal_id)
    on personal_limit to steady_app;
grant insert (org_id, run_id, team_id, asked_by, asked_at, input) on dry_run to steady_app;
grant update (done, of_all, lease_until, attempts, ended_at, result, fault) on dry_run to steady_app, steady_worker;
grant select on dry_run, service_limit to steady_worker;
grant insert on dry_run_person to steady_app;
grant select on service_limit to steady_ingest;
grant execute on function profile_of(uuid) to steady_app;
revoke execute on function profile_of(uuid) from public;
revoke execute on function history_of(uuid, timestamptz, timestamptz) from public;
grant execute on function history_of(uuid, timestamptz, timestamptz) to steady_app;
revoke execute on function limits_of(uuid) from public;
grant execute on function limits_of(uuid) to steady_app, steady_ingest, steady_worker;
