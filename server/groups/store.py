"""The SQL of groups as a member sees them. Row policies of `steady_peer` decide what is there; no patient is named."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class GroupRow(msgspec.Struct):
    """A group that the asker may find."""

    group_id: UUID
    org_id: UUID
    name: str
    purpose: str
    about: str
    topic: str
    is_open: bool
    capacity: int
    members: int
    ages: str
    state: str
    paused_why: str
    rules_version: int
    closes_on: date


class MeRow(msgspec.Struct):
    """The asker's own membership."""

    group_id: UUID
    handle_id: UUID
    name: str
    state: str
    is_in: bool
    is_host: bool
    new_until: date
    rules_version: int
    seen: int


class ThreadRow(msgspec.Struct):
    """One thread in a list: its last post decides its place."""

    thread_id: UUID
    title: str
    kind: str
    name: str
    is_mine: bool
    accepted: UUID | None
    at: datetime
    body: str
    answers: int
    last_seq: int


class PostRow(msgspec.Struct):
    """One post as the asker sees it."""

    post_id: UUID
    thread_id: UUID
    handle_id: UUID
    name: str
    is_host: bool
    is_mine: bool
    body: str
    at: datetime
    state: str
    why: str
    card: str | None
    has_image: bool
    note: str
    note_by: str
    is_checked: bool


class OpenThreadRow(msgspec.Struct):
    """A thread by itself."""

    thread_id: UUID
    title: str
    kind: str
    is_mine: bool
    accepted: UUID | None


class FoundRow(msgspec.Struct):
    """A post that a search found."""

    thread_id: UUID
    post_id: UUID
    title: str
    name: str
    at: datetime
    body: str


class SeqRow(msgspec.Struct):
    """Where a post stands; only to order."""

    seq: int


class IdRow(msgspec.Struct):
    """Something was there."""

    id: UUID


class CountRow(msgspec.Struct):
    """How many."""

    n: int


class DutyRow(msgspec.Struct):
    """Until when somebody is on duty (None: nobody is), and from when on somebody is."""

    until: datetime | None
    opens: datetime | None


class MyCaseRow(msgspec.Struct):
    """What was decided about a post of the asker's."""

    post_id: UUID
    state: str
    decision: str
    decided_at: datetime
    reason: str
    final_reason: str


class MyReportRow(msgspec.Struct):
    """What the asker reported, and what came of it."""

    post_id: UUID
    kind: str
    at: datetime
    outcome: str


class BlockRow(msgspec.Struct):
    """Who does not see whom."""

    by_handle: UUID
    of_handle: UUID


class ImageRow(msgspec.Struct):
    """A picture."""

    image: bytes


_GROUP: Final = """
    select group_id, org_id, name, purpose, about, topic, is_open, capacity, members, ages, state, paused_why, rules_version, closes_on
      from peer_group
"""
GROUPS: Final = Query(GroupRow, _GROUP + " where state <> 'closed' order by name, group_id limit 500")
GROUP: Final = Query(GroupRow, _GROUP + " where group_id = $1")
IDS: Final = Query(IdRow, "select group_id as id from peer_group where org_id = $1 and state <> 'closed' limit 2000")
ME: Final = Query(
    MeRow,
    """
    select m.group_id, m.handle_id, h.name, h.state, m.is_in, h.is_host, m.new_until, m.rules_version, m.seen
      from peer_member m join handle h on h.group_id = m.group_id and h.handle_id = m.handle_id
     where m.tag = any (peer_tags())
    """,
)
TAKEN: Final = Query(IdRow, "select handle_id as id from handle where group_id = $1 and skeleton = $2 and state <> 'left'")
ADD_MEMBER: Final = Query(
    Nothing,
    """
    insert into peer_member (group_id, tag, handle_id, new_until, rules_version, seen)
    values ($1, $2, $3, $4, $5, coalesce((select max(last_seq) from peer_thread where group_id = $1), 0))
    """,
)
# Who blocked the one before has blocked this one, and whom she blocked stays blocked.
CARRY_BLOCKS: Final = Query(
    Nothing,
    """
    insert into peer_block (group_id, by_handle, of_handle)
    select $1, case when b.by_handle = $2 then $3 else b.by_handle end, case when b.of_handle = $2 then $3 else b.of_handle end
      from unnest($4::uuid[], $5::uuid[]) as b (by_handle, of_handle)
    on conflict do nothing
    """,
)
BLOCKS: Final = Query(BlockRow, "select by_handle, of_handle from peer_block where group_id = $1 and (by_handle = $2 or of_handle = $2)")
BACK: Final = Query(
    IdRow,
    """
    update peer_member set handle_id = $3, is_in = true, rules_version = $4, new_until = greatest(new_until, $5)
     where group_id = $1 and tag = $2 and not is_in
    returning handle_id as id
    """,
)
ADD_HANDLE: Final = Query(
    Nothing,
    "insert into handle (group_id, handle_id, name, skeleton, joined_in) values ($1, $2, $3, $4, $5)",
)
ADD_SEAL: Final = Query(Nothing, "insert into handle_seal (group_id, handle_id, sealed) values ($1, $2, $3)")
COUNT: Final = Query(
    IdRow,
    """
    update peer_group set members = members + $2
     where group_id = $1 and members + $2 between 0 and capacity and (state = 'open' or $2 < 0)
    returning group_id as id
    """,
)
LEAVE: Final = Query(
    IdRow,
    "update peer_member set is_in = false where group_id = $1 and tag = any (peer_tags()) and is_in returning handle_id as id",
)
LEFT: Final = Query(Nothing, "update handle set state = 'left' where group_id = $1 and handle_id = $2 and state = 'active'")
WITHDRAW_ALL: Final = Query(
    Nothing,
    "update peer_post set state = 'withdrawn' where group_id = $1 and handle_id = $2 and state <> 'withdrawn'",
)
WITHDRAW: Final = Query(
    IdRow,
    """
    update peer_post set state = 'withdrawn'
     where group_id = $1 and post_id = $2 and handle_id in (select peer_handles()) and state <> 'withdrawn'
    returning post_id as id
    """,
)
# The page first, then all its answers counted at once: row policies are worked out once a statement, not once a thread.
THREADS: Final = Query(
    ThreadRow,
    """
    with page as materialized (
        select t.group_id, t.thread_id, t.handle_id, case when p.state = 'shown' or t.handle_id = $4 then t.title else '' end as title,
               t.kind, t.accepted, t.last_seq, p.at
          from peer_thread t join peer_post p on p.group_id = t.group_id and p.post_id = t.thread_id
         where t.group_id = $1 and t.last_seq < $2 and t.last_seq > 0
         order by t.last_seq desc
         limit $3),
    counted as materialized (
        select q.thread_id, count(*)::integer as n from peer_post q
         where q.group_id = $1 and q.state = 'shown' and q.thread_id in (select page.thread_id from page)
         group by q.thread_id)
    select t.thread_id, t.title, t.kind, h.name, t.handle_id = $4 as is_mine, t.accepted, t.at, coalesce(b.body, '') as body,
           greatest(coalesce(c.n, 0) - 1, 0) as answers, t.last_seq
      from page t
      join handle h on h.group_id = t.group_id and h.handle_id = t.handle_id
      left join peer_body b on b.group_id = t.group_id and b.post_id = t.thread_id
      left join counted c on c.thread_id = t.thread_id
     order by t.last_seq desc
    """,
)
THREAD_PLACE: Final = Query(SeqRow, "select last_seq as seq from peer_thread where group_id = $1 and thread_id = $2")
THREAD: Final = Query(
    OpenThreadRow,
    """
    select t.thread_id, case when p.state = 'shown' or t.handle_id = $3 then t.title else '' end as title, t.kind,
           t.handle_id = $3 as is_mine, t.accepted
      from peer_thread t join peer_post p on p.group_id = t.group_id and p.post_id = t.thread_id
     where t.group_id = $1 and t.thread_id = $2
    """,
)
POSTS: Final = Query(
    PostRow,
    """
    select p.post_id, p.thread_id, p.handle_id, h.name, h.is_host, p.handle_id in (select peer_handles()) as is_mine,
           coalesce(b.body, '') as body, p.at, p.state, p.why, c.card, b.image is not null as has_image, p.note, p.note_by,
           p.is_checked
      from peer_post p
      join handle h on h.group_id = p.group_id and h.handle_id = p.handle_id
      left join peer_body b on b.group_id = p.group_id and b.post_id = p.post_id
      left join peer_card c on c.group_id = p.group_id and c.post_id = p.post_id
     where p.group_id = $1 and p.thread_id = $2
       and p.seq > coalesce((select s.seq from peer_post s where s.group_id = $1 and s.post_id = $3), 0)
     order by p.seq limit $4
    """,
)
POST: Final = Query(
    PostRow,
    """
    select p.post_id, p.thread_id, p.handle_id, h.name, h.is_host, p.handle_id in (select peer_handles()) as is_mine,
           coalesce(b.body, '') as body, p.at, p.state, p.why, c.card, b.image is not null as has_image, p.note, p.note_by,
           p.is_checked
      from peer_post p
      join handle h on h.group_id = p.group_id and h.handle_id = p.handle_id
      left join peer_body b on b.group_id = p.group_id and b.post_id = p.post_id
      left join peer_card c on c.group_id = p.group_id and c.post_id = p.post_id
     where p.group_id = $1 and p.post_id = $2
    """,
)
ADD_THREAD: Final = Query(
    Nothing,
    "insert into peer_thread (group_id, thread_id, handle_id, title, kind) values ($1, $2, $3, $4, $5) on conflict do nothing",
)
ADD_POST: Final = Query(
    SeqRow,
    """
    insert into peer_post (group_id, post_id, thread_id, handle_id, at, state, why) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict do nothing
    returning seq
    """,
)
ADD_BODY: Final = Query(
    Nothing,
    "insert into peer_body (group_id, post_id, body, image) values ($1, $2, $3, $4)",
)
ADD_CARD: Final = Query(Nothing, "insert into peer_card (group_id, post_id, card, until) values ($1, $2, $3, $4)")
FORGET_CARDS: Final = Query(
    Nothing,
    """
    delete from peer_card c using peer_post p
     where p.group_id = $1 and p.handle_id in (select peer_handles()) and p.state = 'withdrawn'
       and c.group_id = p.group_id and c.post_id = p.post_id
    """,
)
# What nobody raised is gone for good; what was raised is evidence, which only moderators see (PGS-6).
FORGET: Final = Query(
    Nothing,
    """
    delete from peer_body b using peer_post p
     where p.group_id = $1 and p.handle_id in (select peer_handles()) and p.state = 'withdrawn'
       and b.group_id = p.group_id and b.post_id = p.post_id
       and not exists (select from moderation_case c where c.group_id = p.group_id and c.post_id = p.post_id)
    """,
)
BUMP: Final = Query(Nothing, "update peer_thread set last_seq = greatest(last_seq, $3) where group_id = $1 and thread_id = $2")
ADD_WORDS: Final = Query(
    Nothing,
    "insert into peer_word (group_id, word, seq, post_id) select $1, w.word, $2, $3 from unnest($4::text[]) as w (word)",
)
# One more of the day's posts or reports; how many there are with it. The count is the person's, not the handle's (PGS-4).
WROTE: Final = Query(
    CountRow,
    """
    update peer_member
       set active_on = $2, wrote = case when active_on = $2 then wrote else 0 end + $3,
           reported = case when active_on = $2 then reported else 0 end + $4
     where group_id = $1 and tag = any (peer_tags())
    returning case when $3 > 0 then wrote else reported end as n
    """,
)
ADD_CASE: Final = Query(
    Nothing,
    """
    insert into moderation_case (group_id, case_id, post_id, handle_id, kind, level, why, opened_at, since, due_at, notify_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)
    on conflict do nothing
    """,
)
ADD_REPORT: Final = Query(
    Nothing,
    """
    insert into peer_report (group_id, report_id, post_id, by_handle, kind, words, at) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict do nothing
    """,
)
ACCEPT: Final = Query(
    IdRow,
    "update peer_thread set accepted = $3 where group_id = $1 and thread_id = $2 and handle_id = $4 returning thread_id as id",
)
BLOCK: Final = Query(Nothing, "insert into peer_block (group_id, by_handle, of_handle) values ($1, $2, $3) on conflict do nothing")
UNBLOCK_ALL: Final = Query(Nothing, "delete from peer_block where group_id = $1 and by_handle = $2")
# Word by word along the key: each must be there, the newest posts first.
SEARCH: Final = Query(
    FoundRow,
    """
    select t.thread_id, p.post_id, case when f.state = 'shown' then t.title else '' end as title, h.name, p.at, b.body
      from peer_word w
      join peer_post p on p.group_id = w.group_id and p.post_id = w.post_id and p.state = 'shown'
      join peer_body b on b.group_id = p.group_id and b.post_id = p.post_id
      join peer_thread t on t.group_id = p.group_id and t.thread_id = p.thread_id
      join peer_post f on f.group_id = t.group_id and f.post_id = t.thread_id
      join handle h on h.group_id = p.group_id and h.handle_id = p.handle_id
     where w.group_id = $1 and w.word = $2
       and not exists (select from unnest($3::text[]) as other (word)
                        where not exists (select from peer_word x
                                           where x.group_id = $1 and x.word = other.word and x.seq = w.seq))
     order by w.seq desc
     limit $4
    """,
)
DUTY: Final = Query(
    DutyRow,
    """
    select max(to_at) filter (where from_at <= $2 and to_at > $2) as until, min(from_at) filter (where from_at > $2) as opens
      from group_duty where org_id = $1 and to_at > $2
    """,
)
NEWS: Final = Query(
    CountRow,
    """
    select count(*)::integer as n from (select from peer_post p
     where p.group_id = $1 and p.seq > $2 and p.state = 'shown' and not p.handle_id in (select peer_handles()) limit 100) as counted
    """,
)
SEEN: Final = Query(
    Nothing,
    """
    update peer_member m set seen = coalesce((select max(t.last_seq) from peer_thread t where t.group_id = m.group_id), 0)
     where m.group_id = $1 and m.tag = any (peer_tags())
    """,
)
MY_CASES: Final = Query(
    MyCaseRow,
    """
    select post_id, state, decision, decided_at, reason, final_reason from moderation_case
     where group_id = $1 and handle_id in (select peer_handles()) and decided_at is not null
     order by decided_at desc limit 100
    """,
)
MY_REPORTS: Final = Query(
    MyReportRow,
    """
    select post_id, kind, at, outcome from peer_report
     where group_id = $1 and by_handle in (select peer_handles())
     order by at desc limit 100
    """,
)
IMAGE: Final = Query(ImageRow, "select image from peer_body where group_id = $1 and post_id = $2 and image is not null")
