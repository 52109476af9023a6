-- Who may tell a fact about a person, and who may change when a service is staffed and who is on duty.
set lock_timeout = '5s';
set statement_timeout = '60s';

-- A fact is told by whoever may write for the person, in their own name, and only ever ended.
create policy told on patient_fact for insert to steady_app with check (
    set_by = app_principal() and ended_by is null
    and patient_id in (select e.patient_id from effective_access e
                        where e.principal = (select app_principal()) and e.data_class = 0 and e.may_write));
create policy ended on patient_fact for update to steady_app
    using (ended_by is null
           and patient_id in (select e.patient_id from effective_access e
                               where e.principal = (select app_principal()) and e.data_class = 0 and e.may_write))
    with check (ended_by = app_principal());
grant insert (patient_id, fact_id, key, value, from_at, to_at, source, set_by) on patient_fact to steady_app;
grant update (to_at, ended_by, ended_at) on patient_fact to steady_app;

-- A diagnosis is the clinicians': nobody adds or takes away one of their own.
create policy diagnosed on patient_condition for insert to steady_app with check (
    patient_id in (select e.patient_id from effective_access e
                    where e.principal = (select app_principal()) and e.data_class = 0 and e.may_write and e.basis = 'grant'));
create policy undiagnosed on patient_condition for delete to steady_app using (
    patient_id in (select e.patient_id from effective_access e
                    where e.principal = (select app_principal()) and e.data_class = 0 and e.may_write and e.basis = 'grant'));
grant insert, delete on patient_condition to steady_app;

-- Of a service its lead decides; of every service of the organisation its administrator.
create function may_manage_team(p_team uuid) returns boolean language sql stable as $$
    select exists (
        select from team t join staff s on s.staff_id = app_principal() and s.org_id = t.org_id
         where t.team_id = p_team and t.org_id = app_org()
           and (s.role = 'admin'
                or (s.role = 'lead' and exists (select from team_member m
                                                 where m.team_id = t.team_id and m.staff_id = s.staff_id and m.from_at <= now()
                                                   and (m.to_at is null or m.to_at > now())))))
$$;
create policy manage on team for update to steady_app using (may_manage_team(team_id)) with check (may_manage_team(team_id));
do $$
declare
    name text;
begin
    foreach name in array array['team_hours', 'closure', 'rota'] loop
        execute format('create policy manage on %I for insert to steady_app with check (org_id = app_org() and may_manage_team(team_id))', name);
        execute format('create policy unmanage on %I for delete to steady_app using (may_manage_team(team_id))', name);
    end loop;
end $$;
grant update (telephone, out_of_hours) on team to steady_app;
grant insert, delete on team_hours, closure, rota to steady_app;
