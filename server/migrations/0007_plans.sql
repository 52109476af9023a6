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

-- The part of a commit that comes from forms (server/ingest.py): it raises a unique violation for an id that is there already.
create function ingest_plans(p_at timestamptz, p_rest jsonb) returns void
    language plpgsql as $$
begin
    insert into response (patient_id, id, form, version, data_class, taken_at, told_at, received_at, source, answers, facts,
        left_open, scores, slots, content, is_superseded, corrects, reason, author)
    select r.patient, r.id, r.form, r.version, r.data_class, r.taken_at, r.told_at, p_at, r.source, r.answers, r.facts,
           r.left_open, r.scores, r.slots, decode(r.content, 'hex'), r.is_superseded, r.corrects, r.reason, r.author
      from jsonb_to_recordset(p_rest -> 'responses')
        as r (patient uuid, id uuid, form text, version smallint, data_class smallint, taken_at timestamptz,
              told_at timestamptz, source smallint, answers jsonb, facts jsonb, left_open text[], scores jsonb, slots jsonb,
              content text, is_superseded boolean, corrects uuid, reason text, author uuid);
    update response o set is_superseded = true
      from jsonb_to_recordset(p_rest -> 'responses') as r (patient uuid, corrects uuid)
     where o.patient_id = r.patient and o.id = r.corrects;
end $$;
revoke execute on function ingest_plans(timestamptz, jsonb) from public;
grant execute on function ingest_plans(timestamptz, jsonb) to steady_ingest;
