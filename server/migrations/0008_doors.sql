-- What the doors keep: answers of actions for a repeated request, files as received, links between copies, clocks of devices.
set lock_timeout = '5s';
set statement_timeout = '60s';

-- ING-2: one row per key that a caller sent with an action. The answer is sealed with the key itself, of which only the hash is here.
create table idempotency (
    principal uuid not null,
    client text not null,
    route text not null,
    key_hash bytea not null,
    request_hash bytea not null,
    status smallint not null check (status between 200 and 499),
    headers bytea not null,
    body bytea not null,
    at timestamptz not null default now(),
    primary key (principal, client, route, key_hash)
);
create index idempotency_at on idempotency (at);

do $$
declare
    name text;
begin
    foreach name in array array['idempotency']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
    end loop;
end $$;
create policy own on idempotency for select to steady_app using (principal = (select app_principal()));
create policy own_insert on idempotency for insert to steady_app with check (principal = (select app_principal()));
create policy retention on idempotency for select to steady_worker using (true);
create policy retention_delete on idempotency for delete to steady_worker using (true);
grant select, insert on idempotency to steady_app;
grant select (at), delete on idempotency to steady_worker;
