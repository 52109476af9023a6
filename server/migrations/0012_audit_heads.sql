-- The last link of each audit chain, signed each minute (AUD-2): rows cut off the end are missed by the chain, not by its head.
set lock_timeout = '5s';
set statement_timeout = '60s';

create table audit_head (
    org_id uuid not null,
    day date not null,
    writer uuid not null,
    seq integer not null,
    hash bytea not null,
    signed_at timestamptz not null,
    signature bytea not null,
    primary key (org_id, day, writer, seq)
);
alter table audit_head enable row level security;
alter table audit_head force row level security;
create policy owner_all on audit_head to steady_owner using (true) with check (true);
create policy sign on audit_head for insert to steady_worker with check (true);
create policy worker_read on audit_head for select to steady_worker using (true);
create policy read_all on audit_head for select to steady_auditor using (true);
grant select, insert on audit_head to steady_worker;
grant select on audit_head to steady_auditor;

-- The worker signs heads, so it looks at the chains and at nothing else of the audit.
create policy worker_heads on audit for select to steady_worker using (true);
grant select (org_id, day, writer, seq, hash, at) on audit to steady_worker;

-- Whoever looked at a record is named to the person whose record it is (AUD-5).
create policy named_to_patient on staff for select to steady_app
    using (staff_id in (select a.actor from audit a where a.patient_id = (select app_principal())));
create policy named_to_patient on organisation for select to steady_app
    using (org_id in (select a.org_id from audit a where a.patient_id = (select app_principal())));
create policy named_to_patient on vendor_client for select to steady_app
    using (client_id in (select a.actor from audit a where a.patient_id = (select app_principal())));
