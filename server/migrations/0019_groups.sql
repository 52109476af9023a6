-- Peer groups (PGS). A world of its own: no key, time or number of it is one of a patient's. A member is known by a tag, a
-- keyed hash of person and group that only a request of that person can make, and by a handle. Nothing here names anybody.
set lock_timeout = '5s';
set statement_timeout = '60s';

-- The context of a transaction in this world, set by server/db.py.
create function peer_tags() returns uuid[] language sql stable parallel safe
    as $$ select coalesce(nullif(current_setting('app.tags', true), '')::uuid[], '{}'::uuid[]) $$;
create function peer_staff() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('app.moderator', true), '')::uuid $$;
create function peer_invite() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('app.invite', true), '')::uuid $$;

create table peer_group (
    group_id uuid primary key,
    org_id uuid not null,
    name text not null check (length(name) between 3 and 80),
    purpose text not null check (length(purpose) between 1 and 500),
    about text not null check (about in ('condition', 'place')),
    topic text not null check (length(topic) between 1 and 80),
    is_open boolean not null,
    -- what opens a closed group: a hash of its invitation
    invite uuid,
    capacity integer not null check (capacity between 2 and 100000),
    members integer not null default 0 check (members between 0 and capacity),
    ages text not null default 'adult' check (ages in ('adult', 'young')),
    state text not null default 'open' check (state in ('open', 'paused', 'closed')),
    paused_why text not null default '' check (length(paused_why) <= 200),
    rules_version integer not null default 1,
    closes_on date not null,
    check (is_open = (invite is null))
);

create table peer_member (
    group_id uuid not null references peer_group,
    tag uuid not null,
    handle_id uuid not null,
    -- the first days are limited (PGS-4); a day, so that no moment of joining is kept
    new_until date not null,
    is_in boolean not null default true,
    rules_version integer not null,
    seen bigint not null default 0,
    -- what was written and reported on the last such day: whoever leaves and comes back begins no new count (PGS-4)
    active_on date,
    wrote integer not null default 0,
    reported integer not null default 0,
    primary key (group_id, tag),
    unique (group_id, handle_id)
);
create index peer_member_tag on peer_member (tag);

create table handle (
    group_id uuid not null,
    handle_id uuid not null,
    name text not null check (length(name) between 2 and 30),
    -- what the name looks like: two that look alike are one (INP-3)
    skeleton text not null,
    joined_in date not null check (extract(day from joined_in) = 1),
    is_host boolean not null default false,
    state text not null default 'active' check (state in ('active', 'left', 'removed')),
    primary key (group_id, handle_id)
);
create unique index handle_skeleton on handle (group_id, skeleton) where state <> 'left';

-- Who a handle is, sealed under a key that is not in the database. Read by one role, and only behind an opening below.
create table handle_seal (
    group_id uuid not null,
    handle_id uuid not null,
    sealed bytea not null,
    primary key (group_id, handle_id)
);

create table peer_thread (
    group_id uuid not null references peer_group,
    thread_id uuid not null,
    handle_id uuid not null,
    title text not null check (length(title) between 3 and 120),
    kind text not null check (kind in ('talk', 'question')),
    accepted uuid,
    last_seq bigint not null default 0,
    primary key (group_id, thread_id)
);
create index peer_thread_last on peer_thread (group_id, last_seq desc);

-- `at` is the hour; `seq` orders within it and is never shown.
create table peer_post (
    group_id uuid not null,
    post_id uuid not null,
    thread_id uuid not null,
    seq bigint generated always as identity,
    handle_id uuid not null,
    at timestamptz not null check (at = date_trunc('hour', at)),
    state text not null check (state in ('shown', 'held', 'hidden', 'withdrawn')),
    why text not null default '',
    note text not null default '' check (length(note) <= 1000),
    note_by text not null default '',
    is_checked boolean not null default false,
    primary key (group_id, post_id),
    foreign key (group_id, thread_id) references peer_thread
);
create index peer_post_thread on peer_post (group_id, thread_id, seq);
create index peer_post_handle on peer_post (group_id, handle_id, seq desc);
create index peer_post_seq on peer_post (group_id, seq desc);

-- What a post says, apart: where it is hidden or withdrawn, others see that it is gone and not what it said.
create table peer_body (
    group_id uuid not null,
    post_id uuid not null,
    body text not null check (length(body) between 1 and 4000),
    image bytea check (length(image) <= 5242880),
    primary key (group_id, post_id),
    foreign key (group_id, post_id) references peer_post
);

-- A picture of somebody's week without numbers, for members only: whoever can see readings must not see it (INV-19).
create table peer_card (
    group_id uuid not null,
    post_id uuid not null,
    card text not null check (length(card) <= 2000),
    until date not null,
    primary key (group_id, post_id),
    foreign key (group_id, post_id) references peer_post
);

-- What can be searched: one row a word, so that an index serves it under row security.
create table peer_word (
    group_id uuid not null,
    word text not null,
    seq bigint not null,
    post_id uuid not null,
    primary key (group_id, word, seq)
);

create table peer_block (
    group_id uuid not null,
    by_handle uuid not null,
    of_handle uuid not null,
    primary key (group_id, by_handle, of_handle),
    check (by_handle <> of_handle)
);
create index peer_block_of on peer_block (group_id, of_handle);

create table group_moderator (
    org_id uuid not null,
    group_id uuid not null references peer_group,
    staff_id uuid not null,
    role text not null check (role in ('nurse', 'volunteer')),
    name text not null,
    primary key (staff_id, group_id)
);

-- Who looks after groups when. Where nobody is named, nobody watches and posts wait (PGS-3).
create table group_duty (
    org_id uuid not null,
    duty_id uuid primary key,
    staff_id uuid not null,
    role text not null check (role in ('clinician', 'moderator')),
    from_at timestamptz not null,
    to_at timestamptz not null,
    check (from_at < to_at and to_at - from_at <= interval '14 days')
);
create index group_duty_when on group_duty (org_id, to_at);

create table peer_report (
    group_id uuid not null,
    report_id uuid not null,
    post_id uuid not null,
    by_handle uuid not null,
    kind text not null check (kind in ('worried', 'harm', 'illegal', 'advice', 'private', 'unkind', 'selling')),
    words text not null default '' check (length(words) <= 500),
    at timestamptz not null check (at = date_trunc('hour', at)),
    outcome text not null default '',
    primary key (group_id, report_id),
    unique (group_id, post_id, by_handle)
);
create index peer_report_by on peer_report (group_id, by_handle);

-- One concern about one post, with its clock (PGS-2). Level 3 is a crisis.
create table moderation_case (
    group_id uuid not null,
    case_id uuid not null,
    post_id uuid not null,
    handle_id uuid not null,
    kind text not null,
    level smallint not null check (level between 1 and 3),
    why text not null,
    opened_at timestamptz not null,
    -- since when nobody has it: the ladder counts from here
    since timestamptz not null,
    due_at timestamptz not null,
    state text not null default 'open' check (state in ('open', 'taken', 'decided', 'appealed', 'final')),
    version integer not null default 1,
    taken_by uuid,
    decision text check (decision in ('show', 'note', 'hide', 'remove')),
    decided_by uuid,
    decided_at timestamptz,
    reason text not null default '',
    appeal text not null default '' check (length(appeal) <= 1000),
    appealed_at timestamptz,
    final_by uuid,
    final_at timestamptz,
    final_reason text not null default '',
    notify_at timestamptz,
    told integer not null default 0,
    lease_owner uuid,
    lease_until timestamptz,
    primary key (group_id, case_id),
    unique (group_id, post_id, kind),
    -- an appeal is heard by somebody else
    check (final_by is null or final_by <> decided_by)
);
create index moderation_case_open on moderation_case (group_id, state, due_at);
create index moderation_case_notify on moderation_case (notify_at) where notify_at is not null;

create table case_event (
    group_id uuid not null,
    event_id uuid not null,
    case_id uuid not null,
    at timestamptz not null,
    what text not null,
    by_staff uuid,
    by_name text not null,
    reason text not null default '',
    primary key (group_id, event_id)
);
create index case_event_case on case_event (group_id, case_id, at);

-- Opening who a handle is: two people with a reason, or in a crisis the duty clinician alone, reviewed by another (PGS-3).
create table identity_opening (
    group_id uuid not null,
    opening_id uuid not null,
    handle_id uuid not null,
    case_id uuid not null,
    basis text not null check (basis in ('two_people', 'vital_interests')),
    asked_by uuid not null,
    reason text not null check (length(reason) between 10 and 500),
    asked_at timestamptz not null,
    until timestamptz not null,
    agreed_by uuid,
    agreed_at timestamptz,
    review_by date not null,
    reviewed_by uuid,
    reviewed_at timestamptz,
    review text not null default '',
    primary key (group_id, opening_id),
    check (agreed_by is null or agreed_by <> asked_by),
    check (reviewed_by is null or reviewed_by <> asked_by)
);

-- What a person set up when well (F76): it is hers, in the world of patients, and says nothing of any group.
create table crisis_wish (
    patient_id uuid primary key references patient,
    tells_team boolean not null,
    words text not null default '' check (length(words) <= 500),
    set_at timestamptz not null
);

do $$
declare
    name text;
begin
    foreach name in array array['peer_group', 'peer_member', 'handle', 'handle_seal', 'peer_thread', 'peer_post', 'peer_body', 'peer_card', 'peer_word',
        'peer_block', 'group_moderator', 'group_duty', 'peer_report', 'moderation_case', 'case_event', 'identity_opening',
        'crisis_wish']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
    end loop;
    -- Set-up of groups; nobody sets up who is in them.
    foreach name in array array['peer_group', 'group_moderator', 'group_duty'] loop
        execute format('create policy owner_all on %I to steady_owner using (true) with check (true)', name);
    end loop;
end $$;

-- Which groups the asker is in, and under which handles.
create function peer_groups() returns setof uuid language sql stable parallel safe as $$
    select m.group_id from peer_member m join handle h on h.group_id = m.group_id and h.handle_id = m.handle_id
     where m.tag = any (peer_tags()) and m.is_in and h.state = 'active' $$;
create function peer_handles() returns setof uuid language sql stable parallel safe as $$
    select m.handle_id from peer_member m where m.tag = any (peer_tags()) $$;
create function handle_id_of_case(p_group uuid, p_case uuid) returns uuid language sql stable parallel safe as $$
    select c.handle_id from moderation_case c where c.group_id = p_group and c.case_id = p_case $$;
-- As what the asker watches over the groups of her organisation just now; empty when she does not.
create function peer_on_duty() returns text language sql stable parallel safe as $$
    select coalesce((select min(d.role) from group_duty d
                      where d.org_id = app_org() and d.staff_id = peer_staff() and d.from_at <= now() and d.to_at > now()), '') $$;
-- Groups that the asker looks after: by name, or because the duty is theirs just now.
create function peer_moderated() returns setof uuid language sql stable parallel safe as $$
    select m.group_id from group_moderator m where m.staff_id = peer_staff()
    union
    select g.group_id from peer_group g where g.org_id = app_org() and peer_on_duty() <> '' $$;
-- Of these, where the asker is a nurse: volunteers decide no medicine, no crisis, and open no name (PGS-5).
create function peer_nursed() returns setof uuid language sql stable parallel safe as $$
    select m.group_id from group_moderator m where m.staff_id = peer_staff() and m.role = 'nurse'
    union
    select g.group_id from peer_group g where g.org_id = app_org() and peer_on_duty() = 'clinician' $$;
-- Whether the asker sets up groups, their moderators and the duty of her organisation.
create function peer_leads() returns boolean language sql stable parallel safe as $$
    select exists (select from staff s
                    where s.staff_id = peer_staff() and s.org_id = app_org() and s.role in ('lead', 'admin')) $$;

create function peer_is_ours(p_group uuid) returns boolean language sql stable parallel safe as $$
    select exists (select from peer_group g where g.group_id = p_group and g.org_id = app_org()) $$;

create policy known on group_moderator for select to steady_peer
    using (org_id = app_org() and (select peer_staff()) is not null);
create policy appointed on group_moderator for insert to steady_peer
    with check (org_id = app_org() and (select peer_leads()) and peer_is_ours(group_id)
                and staff_id in (select s.staff_id from staff s where s.org_id = app_org()));
create policy released on group_moderator for delete to steady_peer
    using (org_id = app_org() and (select peer_leads()));
create policy told on group_moderator for select to steady_worker using (true);
create policy colleagues on staff for select to steady_peer using (org_id = app_org() and (select peer_staff()) is not null);
create policy planned on group_duty for insert to steady_peer
    with check (org_id = app_org() and (select peer_leads()) and staff_id in (select s.staff_id from staff s where s.org_id = app_org()));
create policy unplanned on group_duty for delete to steady_peer using (org_id = app_org() and (select peer_leads()));
create policy founded on peer_group for insert to steady_peer with check (org_id = app_org() and (select peer_leads()));
create policy duty on group_duty for select to steady_peer, steady_worker using (true);
-- An open group is found by patients of its organisation; a closed one by its members and whoever holds the invitation (F73).
create policy found on peer_group for select to steady_peer
    using (
        (is_open and org_id = app_org() and state <> 'closed')
        or invite = (select peer_invite())
        or group_id in (select m.group_id from peer_member m where m.tag = any (peer_tags()))
        -- not by peer_moderated(), which asks this table
        or group_id in (select m.group_id from group_moderator m where m.staff_id = (select peer_staff()))
        or (org_id = app_org() and (select peer_on_duty() <> '' or peer_leads()))
    );
create policy counted on peer_group for update to steady_peer
    using (group_id in (select m.group_id from peer_member m where m.tag = any (peer_tags())) or group_id in (select peer_moderated())
           or (org_id = app_org() and (select peer_leads())))
    with check (true);
create policy own on peer_member to steady_peer
    using (tag = any (peer_tags())) with check (tag = any (peer_tags()));
create policy known on handle for select to steady_peer
    using (group_id in (select m.group_id from peer_member m where m.tag = any (peer_tags()))
           or group_id in (select peer_moderated()));
create policy own on handle for insert to steady_peer with check (handle_id in (select peer_handles()));
create policy own_end on handle for update to steady_peer
    using (handle_id in (select peer_handles()) or group_id in (select peer_moderated()))
    with check (handle_id in (select peer_handles()) or group_id in (select peer_moderated()));
create policy own on handle_seal for insert to steady_peer with check (handle_id in (select peer_handles()));
create policy inside on peer_thread to steady_peer
    using (group_id in (select peer_groups()) or group_id in (select peer_moderated()))
    with check (group_id in (select peer_groups()) or group_id in (select peer_moderated()));
create policy inside on peer_word to steady_peer
    using (group_id in (select peer_groups())) with check (group_id in (select peer_groups()));
create policy mine on peer_block to steady_peer
    using (by_handle in (select peer_handles()) or of_handle in (select peer_handles()))
    with check (by_handle in (select peer_handles()));
-- Whoever comes back under another name brings along who blocked the one before.
create policy carried on peer_block for insert to steady_peer with check (of_handle in (select peer_handles()));
-- Members see what is not held, less what a block hides, both ways; and their own, whatever became of it.
create policy inside on peer_post for select to steady_peer
    using (
        group_id in (select peer_groups())
        and (handle_id in (select peer_handles())
             or (state <> 'held'
                 and handle_id not in (select b.of_handle from peer_block b where b.by_handle in (select peer_handles())
                                       union all
                                       select b.by_handle from peer_block b where b.of_handle in (select peer_handles()))))
    );
-- Moderators see the posts that somebody or something raised, nothing else: risk, not chatter.
create policy raised on peer_post for select to steady_peer
    using (group_id in (select peer_moderated())
           and exists (select from moderation_case c where c.group_id = peer_post.group_id and c.post_id = peer_post.post_id));
create policy shown on peer_body for select to steady_peer
    using (exists (select from peer_post p
                    where p.group_id = peer_body.group_id and p.post_id = peer_body.post_id
                      and (p.state = 'shown' or p.handle_id in (select peer_handles()) or (select peer_staff()) is not null)));
create policy own on peer_body for insert to steady_peer
    with check (exists (select from peer_post p where p.group_id = peer_body.group_id and p.post_id = peer_body.post_id
                           and p.handle_id in (select peer_handles())));
create policy shown on peer_card for select to steady_peer
    using (until >= current_date
           and exists (select from peer_post p
                        where p.group_id = peer_card.group_id and p.post_id = peer_card.post_id
                          and p.group_id in (select peer_groups()) and (p.state = 'shown' or p.handle_id in (select peer_handles()))));
create policy own on peer_card for insert to steady_peer
    with check (exists (select from peer_post p where p.group_id = peer_card.group_id and p.post_id = peer_card.post_id
                           and p.handle_id in (select peer_handles())));
create policy gone on peer_card for delete to steady_peer
    using (exists (select from peer_post p where p.group_id = peer_card.group_id and p.post_id = peer_card.post_id
                      and p.handle_id in (select peer_handles())));
create policy expired on peer_card to steady_worker using (until < current_date);
create policy gone on peer_body for delete to steady_peer
    using (exists (select from peer_post p where p.group_id = peer_body.group_id and p.post_id = peer_body.post_id
                      and p.handle_id in (select peer_handles()) and p.state = 'withdrawn'));
create policy own on peer_post for insert to steady_peer
    with check (handle_id in (select peer_handles()) and group_id in (select peer_groups()));
create policy change on peer_post for update to steady_peer
    using (handle_id in (select peer_handles()) or group_id in (select peer_moderated()))
    with check (handle_id in (select peer_handles()) or group_id in (select peer_moderated()));
create policy own on peer_report for insert to steady_peer
    with check (by_handle in (select peer_handles()) and group_id in (select peer_groups()));
create policy seen on peer_report for select to steady_peer
    using (by_handle in (select peer_handles()) or group_id in (select peer_moderated()));
create policy told on peer_report for update to steady_peer
    using (group_id in (select peer_moderated())) with check (group_id in (select peer_moderated()));
create policy opened on moderation_case for insert to steady_peer with check (group_id in (select peer_groups()));
create policy seen on moderation_case for select to steady_peer
    using (handle_id in (select peer_handles()) or group_id in (select peer_moderated()));
create policy acted on moderation_case for update to steady_peer
    using (group_id in (select peer_moderated())) with check (group_id in (select peer_moderated()));
-- Whoever was hidden may appeal, and decides nothing.
create policy appealed on moderation_case for update to steady_peer
    using (handle_id in (select peer_handles()) and state = 'decided' and final_by is null)
    with check (handle_id in (select peer_handles()) and state = 'appealed' and final_by is null);
create policy clocks on moderation_case to steady_worker using (true) with check (true);
create policy named on peer_group for select to steady_worker using (true);
create policy acts on case_event for insert to steady_peer
    with check ((group_id in (select peer_moderated()) and by_staff = (select peer_staff()))
                or (handle_id_of_case(group_id, case_id) in (select peer_handles()) and by_staff is null));
create policy told on case_event for insert to steady_worker with check (by_staff is null);
create policy seen on case_event for select to steady_peer using (group_id in (select peer_moderated()));
create policy asked on identity_opening for insert to steady_peer
    with check (
        asked_by = (select peer_staff()) and group_id in (select peer_nursed()) and agreed_by is null and reviewed_by is null
        and until <= now() + interval '2 hours'
        and exists (select from moderation_case c where c.group_id = identity_opening.group_id
                       and c.case_id = identity_opening.case_id and c.handle_id = identity_opening.handle_id
                       and (basis = 'two_people' or c.level = 3))
        and (basis = 'two_people'
             or ((select peer_on_duty()) = 'clinician'
                 and group_id in (select g.group_id from peer_group g where g.org_id = app_org())))
    );
create policy seen on identity_opening for select to steady_peer, steady_seal
    using (current_user = 'steady_seal' or group_id in (select peer_moderated()));
create policy agreed on identity_opening for update to steady_peer
    using (group_id in (select peer_moderated()) and asked_by <> (select peer_staff()))
    with check (group_id in (select peer_moderated()) and asked_by <> (select peer_staff())
                and (agreed_by = (select peer_staff()) or reviewed_by = (select peer_staff())));
create policy behind_an_opening on handle_seal for select to steady_seal
    using (exists (select from identity_opening o
                    where o.group_id = handle_seal.group_id and o.handle_id = handle_seal.handle_id and o.until > now()
                      and (o.basis = 'vital_interests' or o.agreed_by is not null)));
-- One person, whom the seal that was just opened names.
create policy opened on patient for select to steady_seal
    using (patient_id = nullif(current_setting('app.opened', true), '')::uuid);
create policy own on crisis_wish to steady_app
    using (patient_id = app_principal()) with check (patient_id = app_principal());

grant select, insert, update (members, state, paused_why) on peer_group to steady_peer;
grant select, insert, update (handle_id, is_in, new_until, rules_version, seen, active_on, wrote, reported) on peer_member to steady_peer;
grant select, insert, update (state) on handle to steady_peer;
grant insert on handle_seal to steady_peer;
grant select, insert, update (accepted, last_seq) on peer_thread to steady_peer;
grant select, insert, update (state, why, note, note_by, is_checked) on peer_post to steady_peer;
grant select, insert, delete on peer_body, peer_card to steady_peer;
grant select (until), delete on peer_card to steady_worker;
grant select, insert on peer_word to steady_peer;
grant select, insert, delete on peer_block to steady_peer;
grant select, insert, delete on group_moderator, group_duty to steady_peer;
grant select (staff_id, org_id, name, role) on staff to steady_peer;
grant select, insert, update (outcome) on peer_report to steady_peer;
grant select, insert, update (level, state, version, taken_by, decision, decided_by, decided_at, reason, appeal, appealed_at,
    final_by, final_at, final_reason, due_at, since, told, notify_at) on moderation_case to steady_peer;
grant select, insert on case_event to steady_peer;
grant select, insert, update (agreed_by, agreed_at, reviewed_by, reviewed_at, review) on identity_opening to steady_peer;
grant select on identity_opening, handle_seal to steady_seal;
grant select (patient_id, given_name, family_name, telephone, org_id) on patient to steady_seal;
grant select (group_id, org_id, state) on peer_group to steady_worker;
grant select (group_id, case_id, level, since, due_at, state, version, told, notify_at, lease_owner, lease_until),
    update (notify_at, told, lease_owner, lease_until, since, state, taken_by, version) on moderation_case to steady_worker;
grant insert on case_event to steady_worker;
grant select on group_duty, group_moderator to steady_worker;
create policy watched on moderation_case for select to steady_watch using (true);
grant select (level, state, since, notify_at) on moderation_case to steady_watch;
grant select, insert, update on crisis_wish to steady_app;
