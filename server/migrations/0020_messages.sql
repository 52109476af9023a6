-- Messages between a person and a team. A thread belongs to the team, so it outlasts whoever is on leave (F67).
set lock_timeout = '5s';
set statement_timeout = '60s';

-- `about`: a reading, a flag or a step of the plan by its keys, never its content: what a reader may see of it is asked when shown (F69).
create table message (
    patient_id uuid not null references patient,
    id uuid not null,
    team_id uuid not null,
    at timestamptz not null default now(),
    by uuid not null,
    is_from_patient boolean not null,
    body text not null check (length(body) between 1 and 2000),
    about jsonb,
    red_words text[] not null default '{}',
    seen_at timestamptz,
    seen_by uuid,
    acting_at timestamptz,
    acting_by uuid,
    closed_at timestamptz,
    closed_by uuid,
    closing text not null default '' check (length(closing) <= 500),
    primary key (patient_id, id),
    check ((closed_at is null) = (closed_by is null))
);
create index message_waiting on message (team_id, at) where is_from_patient and closed_at is null;
create index message_thread on message (patient_id, at);

alter table message enable row level security;
alter table message force row level security;
create policy mine on message for select to steady_app using (patient_id = (select app_principal()));
-- The team reads while its members are members and the person shares the record with it: a withdrawal is felt at once.
create policy team_reads on message for select to steady_app using (
    team_id in (select m.team_id from team_member m
                 where m.staff_id = (select app_principal()) and m.from_at <= now() and (m.to_at is null or m.to_at > now()))
    and patient_id in (select e.patient_id from effective_access e
                        where e.principal = (select app_principal()) and e.data_class = 0 and e.may_read));
create policy write_to_team on message for insert to steady_app with check (
    patient_id = app_principal() and by = app_principal() and is_from_patient
    and team_id in (select g.team_id from access_grant g
                     where g.patient_id = app_principal() and g.from_at <= now() and (g.to_at is null or g.to_at > now())));
create policy team_writes on message for insert to steady_app with check (
    by = app_principal() and not is_from_patient
    and team_id in (select m.team_id from team_member m
                     where m.staff_id = app_principal() and m.from_at <= now() and (m.to_at is null or m.to_at > now()))
    and patient_id in (select e.patient_id from effective_access e
                        where e.principal = app_principal() and e.data_class = 0 and e.may_act));
create policy team_receipts on message for update to steady_app
    using (
        team_id in (select m.team_id from team_member m
                     where m.staff_id = (select app_principal()) and m.from_at <= now() and (m.to_at is null or m.to_at > now()))
        and patient_id in (select e.patient_id from effective_access e
                            where e.principal = (select app_principal()) and e.data_class = 0 and e.may_act))
    with check (true);
grant select, insert, update (seen_at, seen_by, acting_at, acting_by, closed_at, closed_by, closing) on message to steady_app;
