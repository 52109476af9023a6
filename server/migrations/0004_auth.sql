-- Sign-in: what only the sign-in role may see. No other role has any grant here (steady_app least of all).
set lock_timeout = '5s';
set statement_timeout = '60s';

-- Staff: e-mail, password (argon2id) and one-time-code secret; the last step used, so that no code counts twice.
create table credential (
    principal_id uuid primary key references principal,
    email text not null unique check (email = lower(email) and length(email) between 3 and 254),
    password_hash text not null,
    totp_secret text not null check (length(totp_secret) between 26 and 64),
    last_totp_step bigint not null default 0
);

-- Pages, of staff and of patients: the cookie is never stored, only the SHA-256 of its name and value.
create table page_session (
    session_hash bytea primary key,
    session_id uuid not null unique,
    principal_id uuid not null references principal,
    auth_at timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz
);
create index page_session_principal on page_session (principal_id);

-- One family per phone that was paired; every refresh token belongs to one (TOK-4).
create table refresh_family (
    family uuid primary key,
    principal_id uuid not null references principal,
    client_id text not null,
    auth_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz
);
create index refresh_family_principal on refresh_family (principal_id);

-- `successor` is the next token under a pad that only the holder of this one can make: a retry gets the same answer.
create table refresh_token (
    token_hash bytea primary key,
    family uuid not null references refresh_family,
    issued_at timestamptz not null,
    spent_at timestamptz,
    successor bytea,
    successor_hash bytea
);
create index refresh_token_family on refresh_token (family);

-- One-time codes for a phone (TOK-9): found by their reference, proved by their secret.
create table pairing_code (
    reference text primary key check (reference ~ '^[0-9]{6}$'),
    secret_hash bytea not null,
    principal_id uuid not null references principal,
    made_by uuid not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    tries integer not null default 0 check (tries between 0 and 5)
);
create index pairing_code_principal on pairing_code (principal_id);

-- Tries per account, counted here and not per process (TOK-9); the account is a hash, also of people who do not exist.
create table one_time_try (
    account bytea primary key,
    recent timestamptz[] not null
);

-- Keys that a vendor registered; each with the one algorithm it may be used with (TOK-1).
create table client_key (
    client_id uuid not null references vendor_client,
    kid text not null check (kid ~ '^[A-Za-z0-9_-]{1,64}$'),
    algorithm text not null check (algorithm in ('RS384', 'ES384', 'RS512', 'ES256', 'EdDSA')),
    jwk text not null,
    jku text,
    added_at timestamptz not null default now(),
    ended_at timestamptz,
    primary key (client_id, kid)
);

-- Insert is the check: an assertion counts once (TOK-6).
create table client_assertion (
    client_id uuid not null references vendor_client,
    jti text not null check (length(jti) between 1 and 255),
    expires_at timestamptz not null,
    primary key (client_id, jti)
);
create index client_assertion_expiry on client_assertion (expires_at);

-- What no longer counts (TOK-5): everything of a principal issued up to an instant, or one token or session by its id.
create table revoked_principal (
    principal_id uuid primary key references principal,
    not_before timestamptz not null
);
create table revoked_token (
    jti text primary key check (length(jti) between 1 and 255),
    expires_at timestamptz not null
);

-- What the privacy lead must hear of: a spent refresh token shown again, an account locked.
create table security_event (
    event_id uuid primary key,
    at timestamptz not null,
    what text not null check (what in ('refresh-reused', 'refresh-wrong-sender', 'account-locked', 'access-revoked')),
    principal_id uuid
);

do $$
declare
    name text;
begin
    foreach name in array array['credential', 'page_session', 'refresh_family', 'refresh_token', 'pairing_code',
        'one_time_try', 'client_key', 'client_assertion', 'revoked_principal', 'revoked_token', 'security_event']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy owner_all on %I to steady_owner using (true) with check (true)', name);
        execute format('create policy auth_all on %I to steady_auth using (true) with check (true)', name);
    end loop;
end $$;

grant select, update (last_totp_step) on credential to steady_auth;
grant select, insert, update (seen_at, ended_at), delete on page_session to steady_auth;
grant select, insert, update (ended_at), delete on refresh_family to steady_auth;
grant select, insert, update (spent_at, successor, successor_hash), delete on refresh_token to steady_auth;
grant select, insert, update, delete on pairing_code to steady_auth;
grant select, insert, update, delete on one_time_try to steady_auth;
grant select on client_key to steady_auth;
grant select, insert, delete on client_assertion to steady_auth;
grant select, insert, update (not_before) on revoked_principal to steady_auth;
grant select, insert, delete on revoked_token to steady_auth;
grant select, insert on security_event to steady_auth;
