"""The SQL of rules: limits in force, proposals and their signatures. Row policies repeat who may do what."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class TeamRow(msgspec.Struct):
    """A service of the asker's organisation, and whether the asker belongs to it."""

    team_id: UUID
    name: str
    is_mine: bool


class EntryRow(msgspec.Struct):
    """One entry of a service's limit with who set it."""

    team_id: UUID
    name: str
    from_at: datetime
    limit_id: UUID
    value: Decimal | None
    mg: Decimal | None
    review_at: datetime
    set_at: datetime
    reason: str
    proposal_id: UUID
    first_name: str | None
    second_name: str | None


class PersonalRow(msgspec.Struct):
    """One entry of a person's own limit with who set it."""

    name: str
    from_at: datetime
    to_at: datetime | None
    limit_id: UUID
    value: Decimal | None
    mg: Decimal | None
    review_at: datetime | None
    set_at: datetime
    reason: str
    set_by: UUID
    set_by_name: str | None
    is_agreed: bool


class ProposalRow(msgspec.Struct):
    """A proposal for a service and who has signed it."""

    proposal_id: UUID
    org_id: UUID
    team_id: UUID
    team: str | None
    kind: str
    body: str
    reason: str
    proposed_by: UUID
    proposed_name: str | None
    proposed_at: datetime
    from_at: datetime
    review_at: datetime
    run_id: UUID | None
    first_by: UUID | None
    first_name: str | None
    first_at: datetime | None
    second_by: UUID | None
    second_name: str | None
    second_at: datetime | None
    ended_by: UUID | None
    ended_name: str | None
    ended_at: datetime | None
    end_reason: str | None


class PersonalProposalRow(msgspec.Struct):
    """A proposal for one person and who has signed it."""

    patient_id: UUID
    proposal_id: UUID
    team_id: UUID
    body: str
    reason: str
    proposed_by: UUID
    proposed_name: str | None
    proposed_at: datetime
    from_at: datetime
    to_at: datetime | None
    review_at: datetime
    clinician: UUID | None
    clinician_name: str | None
    clinician_at: datetime | None
    agreed_at: datetime | None
    ended_by: UUID | None
    ended_at: datetime | None
    end_reason: str | None


class WaitingRow(msgspec.Struct):
    """A proposal for one person that is not agreed yet."""

    patient_id: UUID
    proposal_id: UUID
    given_name: str
    family_name: str
    body: str
    reason: str
    proposed_name: str | None
    proposed_at: datetime
    from_at: datetime
    review_at: datetime
    clinician_name: str | None
    clinician_at: datetime | None
    agreed_at: datetime | None


class OwnRow(msgspec.Struct):
    """One entry of somebody's own limit that stands now."""

    patient_id: UUID
    given_name: str
    family_name: str
    name: str
    value: Decimal | None
    mg: Decimal | None
    from_at: datetime
    review_at: datetime | None
    reason: str
    set_by_name: str | None


class LimitsRow(msgspec.Struct):
    """Every entry that concerns one person, as JSON by name."""

    limits: str


class RuleRow(msgspec.Struct):
    """A rule that is recorded only."""

    rule: str


class ModeRow(msgspec.Struct):
    """How a rule is shown for a service, or was: since when, by whom and why."""

    rule: str
    mode: str
    from_at: datetime
    by: str
    reason: str
    proposal_id: UUID | None


class SetRow(msgspec.Struct):
    """One version of a service's rule set: what both signed, over a release of the built-in rules."""

    team_id: UUID
    team: str
    version: int
    release: int
    from_at: datetime
    proposal_id: UUID
    reason: str
    first_name: str | None
    second_name: str | None


class FoundRow(msgspec.Struct):
    """Whether a statement found what it was after."""

    found: bool


TEAMS: Final = Query(
    TeamRow,
    """
    select t.team_id, t.name, t.team_id in (select m.team_id from team_member m
                                             where m.staff_id = $1 and m.from_at <= now()
                                               and (m.to_at is null or m.to_at > now())) as is_mine
      from team t
     order by 3 desc, t.name
    """,
)
ENTRIES: Final = Query(
    EntryRow,
    """
    select l.team_id, l.name, l.from_at, l.limit_id, l.value, l.mg, l.review_at, l.set_at, p.reason, l.proposal_id,
           f.name as first_name, s.name as second_name
      from service_limit l
      join proposal p on p.proposal_id = l.proposal_id
      left join staff f on f.staff_id = p.first_by
      left join staff s on s.staff_id = p.second_by
     where l.team_id = any ($1::uuid[]) and l.withdrawn_at is null
     order by l.team_id, l.name, l.from_at, l.limit_id
    """,
)
LIMITS_OF: Final = Query(LimitsRow, "select limits_of($1)::text as limits")
PERSONAL: Final = Query(
    PersonalRow,
    """
    select l.name, l.from_at, l.to_at, l.limit_id, l.value, l.mg, l.review_at, l.set_at, l.reason, l.set_by,
           s.name as set_by_name, l.proposal_id is not null as is_agreed
      from personal_limit l left join staff s on s.staff_id = l.set_by
     where l.patient_id = $1 and l.withdrawn_at is null
     order by l.name, l.from_at, l.limit_id
    """,
)
# Of each person's entries for one limit the newest that has begun holds.
OWN: Final = Query(
    OwnRow,
    """
    select distinct on (p.family_name, p.given_name, l.patient_id, l.name) l.patient_id, p.given_name, p.family_name, l.name, l.value,
           l.mg, l.from_at, l.review_at, l.reason, s.name as set_by_name
      from personal_limit l
      join patient p on p.patient_id = l.patient_id
      left join staff s on s.staff_id = l.set_by
     where split_part(l.name, '.', 1) = $1 and l.withdrawn_at is null and l.from_at <= now() and (l.to_at is null or l.to_at > now())
     order by p.family_name, p.given_name, l.patient_id, l.name, l.from_at desc, l.limit_id desc
     limit 200
    """,
)
ADD: Final = Query(
    Nothing,
    """
    insert into proposal (org_id, proposal_id, team_id, kind, body, reason, proposed_by, proposed_at, from_at, review_at, run_id)
    values ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8, $9, $10, $11)
    """,
)
ONE: Final = Query(
    ProposalRow,
    """
    select p.proposal_id, p.org_id, p.team_id, t.name as team, p.kind, p.body::text as body, p.reason, p.proposed_by,
           o.name as proposed_name, p.proposed_at, p.from_at, p.review_at, p.run_id, p.first_by, f.name as first_name,
           p.first_at, p.second_by, s.name as second_name, p.second_at, p.ended_by, e.name as ended_name, p.ended_at,
           p.end_reason
      from proposal p
      left join team t on t.team_id = p.team_id
      left join staff o on o.staff_id = p.proposed_by
      left join staff f on f.staff_id = p.first_by
      left join staff s on s.staff_id = p.second_by
      left join staff e on e.staff_id = p.ended_by
     where p.proposal_id = $1
    """,
)
# Apart, since row policies of the joined names would be asked to lock as well.
LOCK: Final = Query(FoundRow, "select true as found from proposal where proposal_id = $1 for update")
OF_TEAMS: Final = Query(
    ProposalRow,
    """
    select p.proposal_id, p.org_id, p.team_id, t.name as team, p.kind, p.body::text as body, p.reason, p.proposed_by,
           o.name as proposed_name, p.proposed_at, p.from_at, p.review_at, p.run_id, p.first_by, f.name as first_name,
           p.first_at, p.second_by, s.name as second_name, p.second_at, p.ended_by, e.name as ended_name, p.ended_at,
           p.end_reason
      from proposal p
      left join team t on t.team_id = p.team_id
      left join staff o on o.staff_id = p.proposed_by
      left join staff f on f.staff_id = p.first_by
      left join staff s on s.staff_id = p.second_by
      left join staff e on e.staff_id = p.ended_by
     where p.team_id = any ($1::uuid[])
     order by (p.second_by is null and p.ended_by is null) desc, p.proposed_at desc, p.proposal_id
     limit $2
    """,
)
SIGN_FIRST: Final = Query(
    FoundRow,
    """
    update proposal set first_by = $2, first_at = $3
     where proposal_id = $1 and first_by is null and ended_by is null
    returning true as found
    """,
)
SIGN_SECOND: Final = Query(
    FoundRow,
    """
    update proposal set second_by = $2, second_at = $3
     where proposal_id = $1 and first_by <> $2 and second_by is null and ended_by is null
    returning true as found
    """,
)
END: Final = Query(
    FoundRow,
    """
    update proposal set ended_by = $2, ended_at = $3, end_reason = $4 where proposal_id = $1 and ended_by is null
    returning true as found
    """,
)
ADD_ENTRY: Final = Query(
    Nothing,
    """
    insert into service_limit (org_id, team_id, name, from_at, limit_id, value, mg, data_classes, review_at, proposal_id, set_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8::smallint[], $9, $10, $11)
    """,
)
SHADOWED: Final = Query(RuleRow, "select s.rule from shadowed_rules($1, now()) as s (rule) order by s.rule")
MODES: Final = Query(
    ModeRow,
    """
    select m.rule, m.mode, m.from_at, m.by, m.reason, m.proposal_id from rule_mode m
     where (m.team_id = $1 or m.team_id is null) and m.from_at <= now() and (m.to_at is null or m.to_at > now())
     order by m.rule, m.from_at desc, m.mode_id desc
    """,
)
ADD_MODE: Final = Query(
    Nothing,
    """
    insert into rule_mode (mode_id, rule, team_id, mode, from_at, by, reason, proposal_id) values ($1, $2, $3, $4, $5, $6, $7, $8)
    """,
)
ALONE: Final = Query(Nothing, "select pg_advisory_xact_lock(hashtextextended('rule-set:' || $1, 0))")
NEXT_SET: Final = Query(
    Nothing,
    """
    insert into rule_set (org_id, team_id, version, release, from_at, proposal_id)
    select $1, $2, coalesce(max(r.version), 0) + 1, $3, $4, $5 from rule_set r where r.team_id = $2
    """,
)
WITHDRAW_SET: Final = Query(
    FoundRow, "update rule_set set withdrawn_at = $2 where proposal_id = $1 and withdrawn_at is null returning true as found"
)
SETS: Final = Query(
    SetRow,
    """
    select r.team_id, t.name as team, r.version, r.release::integer as release, r.from_at, r.proposal_id, p.reason,
           f.name as first_name, s.name as second_name
      from rule_set r
      join team t on t.team_id = r.team_id
      join proposal p on p.proposal_id = r.proposal_id
      left join staff f on f.staff_id = p.first_by
      left join staff s on s.staff_id = p.second_by
     where r.team_id = any ($1::uuid[]) and r.withdrawn_at is null
     order by r.team_id, r.from_at desc, r.version desc
    """,
)
# The newest version of each service that looked after somebody at an instant, as it stood then.
SETS_THEN: Final = Query(
    SetRow,
    """
    select distinct on (r.team_id) r.team_id, t.name as team, r.version, r.release::integer as release, r.from_at, r.proposal_id,
           p.reason, f.name as first_name, s.name as second_name
      from rule_set r
      join team t on t.team_id = r.team_id
      join proposal p on p.proposal_id = r.proposal_id
      left join staff f on f.staff_id = p.first_by
      left join staff s on s.staff_id = p.second_by
     where r.from_at <= $2 and r.withdrawn_at is null
       and r.team_id in (select g.team_id from access_grant g
                          where g.patient_id = $1 and g.from_at <= $2 and (g.to_at is null or g.to_at > $2))
     order by r.team_id, r.from_at desc, r.version desc
    """,
)
WITHDRAW: Final = Query(
    FoundRow,
    "update service_limit set withdrawn_at = $2 where proposal_id = $1 and withdrawn_at is null returning true as found",
)
# What was cached of them before is stale from here on. Locked in the order in which commits lock (architecture 3).
MOVE_PICTURES: Final = Query(
    FoundRow,
    """
    with moved as (
        select i.patient_id from picture i
         where i.patient_id in (select g.patient_id from access_grant g where g.team_id = $1)
         order by i.patient_id for update)
    update picture i set version = i.version + 1 from moved m where i.patient_id = m.patient_id returning true as found
    """,
)
MOVE_PICTURE: Final = Query(
    FoundRow, "update picture set version = version + 1 where patient_id = $1 returning true as found"
)
ADD_PERSONAL: Final = Query(
    Nothing,
    """
    insert into personal_proposal (patient_id, proposal_id, team_id, body, reason, proposed_by, proposed_at, from_at, to_at, review_at)
    values ($1, $2, $3, $4::text::jsonb, $5, $6, $7, $8, $9, $10)
    """,
)
OF_PERSON: Final = Query(
    PersonalProposalRow,
    """
    select p.patient_id, p.proposal_id, p.team_id, p.body::text as body, p.reason, p.proposed_by, o.name as proposed_name,
           p.proposed_at, p.from_at, p.to_at, p.review_at, p.clinician, c.name as clinician_name, p.clinician_at, p.agreed_at,
           p.ended_by, p.ended_at, p.end_reason
      from personal_proposal p
      left join staff o on o.staff_id = p.proposed_by
      left join staff c on c.staff_id = p.clinician
     where p.patient_id = $1 and ($2::uuid is null or p.proposal_id = $2)
     order by p.proposed_at desc, p.proposal_id
     limit 100
    """,
)
# What waits for a clinician or for the person, of everybody whom the asker may see.
PERSONAL_WAITING: Final = Query(
    WaitingRow,
    """
    select p.patient_id, p.proposal_id, q.given_name, q.family_name, p.body::text as body, p.reason, o.name as proposed_name,
           p.proposed_at, p.from_at, p.review_at, c.name as clinician_name, p.clinician_at, p.agreed_at
      from personal_proposal p
      join patient q on q.patient_id = p.patient_id
      left join staff o on o.staff_id = p.proposed_by
      left join staff c on c.staff_id = p.clinician
     where p.ended_by is null and (p.clinician is null or p.agreed_at is null)
     order by p.proposed_at, p.proposal_id
     limit 100
    """,
)
LOCK_PERSONAL: Final = Query(
    FoundRow, "select true as found from personal_proposal where patient_id = $1 and proposal_id = $2 for update"
)
SIGN_PERSONAL: Final = Query(
    FoundRow,
    """
    update personal_proposal set clinician = $3, clinician_at = $4
     where patient_id = $1 and proposal_id = $2 and clinician is null and ended_by is null
    returning true as found
    """,
)
AGREE: Final = Query(
    FoundRow,
    """
    update personal_proposal set agreed_at = $3
     where patient_id = $1 and proposal_id = $2 and agreed_at is null and ended_by is null
    returning true as found
    """,
)
END_PERSONAL: Final = Query(
    FoundRow,
    """
    update personal_proposal set ended_by = $3, ended_at = $4, end_reason = $5
     where patient_id = $1 and proposal_id = $2 and ended_by is null
    returning true as found
    """,
)
ADD_PERSONAL_ENTRY: Final = Query(
    Nothing,
    """
    insert into personal_limit (patient_id, limit_id, name, value, mg, from_at, to_at, set_by, set_at, reason, review_at, proposal_id)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    """,
)
WITHDRAW_PERSONAL: Final = Query(
    FoundRow,
    """
    update personal_limit set withdrawn_at = $3
     where patient_id = $1 and proposal_id = $2 and withdrawn_at is null
    returning true as found
    """,
)
TEAM_OF: Final = Query(
    TeamRow,
    """
    select t.team_id, t.name, true as is_mine
      from team t join access_grant g on g.team_id = t.team_id
      join team_member m on m.team_id = t.team_id and m.staff_id = $1 and m.from_at <= now()
       and (m.to_at is null or m.to_at > now())
     where g.patient_id = $2 and g.may_write
     limit 1
    """,
)
