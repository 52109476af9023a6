"""The SQL of what waits for a decision, as those see it who look after a group: what was raised, and nothing else."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class CaseRow(msgspec.Struct):
    """One concern about one post, with the post and who said what about it."""

    group_id: UUID
    case_id: UUID
    post_id: UUID
    handle_id: UUID
    group_name: str
    handle: str
    kind: str
    level: int
    why: str
    opened_at: datetime
    due_at: datetime
    state: str
    version: int
    taken_by: UUID | None
    taken_name: str
    decision: str | None
    decided_by: UUID | None
    decided_at: datetime | None
    decided_name: str
    reason: str
    appeal: str
    final_reason: str
    is_nurse: bool
    title: str
    body: str
    post_state: str
    has_image: bool
    note: str
    reports: str
    told: str


class EventRow(msgspec.Struct):
    """One line of what was done about it."""

    at: datetime
    what: str
    by_name: str
    reason: str


class StandingRow(msgspec.Struct):
    """How one case about a post stands."""

    kind: str
    state: str
    decision: str | None


class PostStateRow(msgspec.Struct):
    """A post's state and place."""

    state: str
    seq: int
    thread_id: UUID


class IdRow(msgspec.Struct):
    """What was changed."""

    id: UUID


class NameRow(msgspec.Struct):
    """The asker's name, and whether she may do what nurses do in some group."""

    name: str
    is_nurse: bool


class GroupRow(msgspec.Struct):
    """A group that the asker looks after."""

    group_id: UUID
    name: str
    state: str
    members: int
    closes_on: date
    waiting: int


class DutyRow(msgspec.Struct):
    """Who looks after the groups of an organisation from when to when."""

    duty_id: UUID
    staff_id: UUID
    name: str
    role: str
    from_at: datetime
    to_at: datetime


_CASE: Final = """
    select c.group_id, c.case_id, c.post_id, c.handle_id, g.name as group_name, h.name as handle, c.kind, c.level::integer as level,
           c.why, c.opened_at, c.due_at, c.state, c.version, c.taken_by, coalesce(t.name, '') as taken_name, c.decision,
           c.decided_by, c.decided_at, coalesce(d.name, '') as decided_name, c.reason, c.appeal, c.final_reason,
           c.group_id in (select peer_nursed()) as is_nurse,
           case when p.post_id = p.thread_id then w.title else '' end as title, coalesce(b.body, '') as body,
           p.state as post_state, b.image is not null as has_image, p.note,
           coalesce((select jsonb_agg(jsonb_build_object('kind', r.kind, 'words', r.words) order by r.kind, r.report_id)
                       from peer_report r where r.group_id = c.group_id and r.post_id = c.post_id), '[]')::text as reports,
           coalesce((select string_agg(e.reason, '; ' order by e.at) from case_event e
                      where e.group_id = c.group_id and e.case_id = c.case_id and e.what = 'told'), '') as told
      from moderation_case c
      join peer_group g on g.group_id = c.group_id
      join handle h on h.group_id = c.group_id and h.handle_id = c.handle_id
      join peer_post p on p.group_id = c.group_id and p.post_id = c.post_id
      join peer_thread w on w.group_id = p.group_id and w.thread_id = p.thread_id
      left join peer_body b on b.group_id = p.group_id and b.post_id = p.post_id
      left join staff t on t.staff_id = c.taken_by
      left join staff d on d.staff_id = c.decided_by
     where c.group_id in (select peer_moderated())
"""
WAITING: Final = Query(
    CaseRow, _CASE + " and c.state in ('open', 'taken', 'appealed') order by c.level desc, c.due_at, c.case_id limit $1"
)
DONE: Final = Query(CaseRow, _CASE + " and c.state in ('decided', 'final') and c.decided_at > $1 order by c.decided_at desc limit $2")
ONE: Final = Query(CaseRow, _CASE + " and c.case_id = $1")
EVENTS: Final = Query(
    EventRow, "select at, what, by_name, reason from case_event where group_id = $1 and case_id = $2 order by at, event_id limit 200"
)
ME: Final = Query(
    NameRow, "select s.name, exists (select peer_nursed()) as is_nurse from staff s where s.staff_id = peer_staff()"
)
TAKE: Final = Query(
    IdRow,
    """
    update moderation_case set state = 'taken', taken_by = $3, notify_at = $5, version = version + 1
     where group_id = $1 and case_id = $2 and version = $4 and state in ('open', 'taken')
    returning case_id as id
    """,
)
DECIDE: Final = Query(
    IdRow,
    """
    update moderation_case
       set state = 'decided', decision = $3, decided_by = $4, decided_at = $5, reason = $6, notify_at = null, version = version + 1
     where group_id = $1 and case_id = $2 and version = $7
    returning case_id as id
    """,
)
FINAL: Final = Query(
    IdRow,
    """
    update moderation_case
       set state = 'final', decision = $3, final_by = $4, final_at = $5, final_reason = $6, notify_at = null, version = version + 1
     where group_id = $1 and case_id = $2 and version = $7 and state = 'appealed'
    returning case_id as id
    """,
)
APPEAL: Final = Query(
    IdRow,
    """
    update moderation_case
       set state = 'appealed', appeal = $3, appealed_at = $4::timestamptz, since = $4, told = 0, due_at = $5, notify_at = $4,
           level = greatest(level, $7), version = version + 1
     where group_id = $1 and post_id = $2 and state = 'decided' and decision in ('hide', 'remove') and decided_at > $6
    returning case_id as id
    """,
)
STANDING: Final = Query(StandingRow, "select kind, state, decision from moderation_case where group_id = $1 and post_id = $2")
POST: Final = Query(PostStateRow, "select state, seq, thread_id from peer_post where group_id = $1 and post_id = $2")
SET_POST: Final = Query(
    IdRow, "update peer_post set state = $3, why = coalesce($4::text, why) where group_id = $1 and post_id = $2 returning post_id as id"
)
NOTE: Final = Query(
    IdRow,
    "update peer_post set note = $3, note_by = $4, is_checked = $5 where group_id = $1 and post_id = $2 returning post_id as id",
)
OUTCOME: Final = Query(Nothing, "update peer_report set outcome = $3 where group_id = $1 and post_id = $2")
PUT_OUT: Final = Query(
    IdRow,
    "update handle set state = 'removed' where group_id = $1 and handle_id = $2 and state <> 'removed' returning handle_id as id",
)
LET_IN: Final = Query(
    IdRow,
    "update handle set state = 'active' where group_id = $1 and handle_id = $2 and state = 'removed' returning handle_id as id",
)
EVENT: Final = Query(
    Nothing,
    """
    insert into case_event (group_id, event_id, case_id, at, what, by_staff, by_name, reason) values ($1, $2, $3, $4, $5, $6, $7, $8)
    """,
)
GROUPS: Final = Query(
    GroupRow,
    """
    select g.group_id, g.name, g.state, g.members, g.closes_on,
           (select count(*)::integer from moderation_case c
             where c.group_id = g.group_id and c.state in ('open', 'taken', 'appealed')) as waiting
      from peer_group g
     where g.group_id in (select peer_moderated()) and g.state <> 'closed'
     order by g.name, g.group_id
     limit 500
    """,
)
PAUSE: Final = Query(
    IdRow, "update peer_group set state = $2, paused_why = $3 where group_id = $1 and state in ('open', 'paused') returning group_id as id"
)
DUTIES: Final = Query(
    DutyRow,
    """
    select d.duty_id, d.staff_id, s.name, d.role, d.from_at, d.to_at
      from group_duty d join staff s on s.staff_id = d.staff_id
     where d.org_id = app_org() and d.to_at > $1 order by d.from_at, s.name limit 200
    """,
)
