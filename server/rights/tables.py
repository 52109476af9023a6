"""A person's rows of every table, as themselves: row policies decide, and a test counts that nothing is left out (PRV-1)."""

from typing import Final

import msgspec

from server.fhir.store import ReadingRow
from server.sql import Query


class LineRow(msgspec.Struct):
    """One row as JSON."""

    line: str


LEFT_OUT: Final = {
    "outbox": "what waits to be said; what was said is delivery",
    "due": "when to judge again, made anew",
    "picture": "worked out from the readings",
    "change_log": "which rows changed, no content",
    "next_due": "when to look again, made anew",
    "raw_file": "the files as they came; the readings made of them are there",
    "dry_run_person": "another limit tried on it, nothing decided",
    "telling": "that something is there, told to a system, without what it is",
    "vendor_account": "the tokens that fetch from a vendor",
}
"""Tables about a person that hold nothing of their own, and why."""
# The long tables in the order of their keys, so that a cursor begins at once instead of sorting years first.
ROWS: Final = {
    "access_grant": Query(LineRow, "select to_jsonb(t)::text as line from access_grant t where t.patient_id = $1 order by 1"),
    "audit": Query(LineRow, "select to_jsonb(t)::text as line from audit t where t.patient_id = $1 order by t.at"),
    "consent_event": Query(LineRow, "select to_jsonb(t)::text as line from consent_event t where t.patient_id = $1 order by t.seq"),
    "correction": Query(LineRow, "select to_jsonb(t)::text as line from correction t where t.patient_id = $1 order by 1"),
    "crisis_wish": Query(LineRow, "select to_jsonb(t)::text as line from crisis_wish t where t.patient_id = $1 order by 1"),
    "delivery": Query(LineRow, "select to_jsonb(t)::text as line from delivery t where t.patient_id = $1 order by t.created_at, t.id"),
    "device_assignment": Query(LineRow, "select to_jsonb(t)::text as line from device_assignment t where t.patient_id = $1 order by 1"),
    "device_clock": Query(LineRow, "select to_jsonb(t)::text as line from device_clock t where t.patient_id = $1 order by 1"),
    "episode": Query(LineRow, "select to_jsonb(t)::text as line from episode t where t.patient_id = $1 order by 1"),
    "episode_event": Query(LineRow, "select to_jsonb(t)::text as line from episode_event t where t.patient_id = $1 order by 1"),
    "escalation": Query(LineRow, "select to_jsonb(t)::text as line from escalation t where t.patient_id = $1 order by 1"),
    "expected": Query(LineRow, "select to_jsonb(t)::text as line from expected t where t.patient_id = $1 order by 1"),
    "flag": Query(LineRow, "select to_jsonb(t)::text as line from flag t where t.patient_id = $1 order by 1"),
    "identifier": Query(LineRow, "select to_jsonb(t)::text as line from identifier t where t.patient_id = $1 order by 1"),
    "judgement": Query(LineRow, "select to_jsonb(t)::text as line from judgement t where t.patient_id = $1 order by 1"),
    "message": Query(LineRow, "select to_jsonb(t)::text as line from message t where t.patient_id = $1 order by t.at, t.id"),
    "patient": Query(LineRow, "select to_jsonb(t)::text as line from patient t where t.patient_id = $1 order by 1"),
    # What reaches a phone or browser is a key to it, not something to lie in a file.
    "patient_channel": Query(
        LineRow,
        """
        select (case when t.channel in ('email', 'sms') then to_jsonb(t) else to_jsonb(t) - 'address' end)::text as line
          from patient_channel t where t.patient_id = $1 order by 1
        """,
    ),
    "patient_condition": Query(LineRow, "select to_jsonb(t)::text as line from patient_condition t where t.patient_id = $1 order by 1"),
    "patient_fact": Query(LineRow, "select to_jsonb(t)::text as line from patient_fact t where t.patient_id = $1 order by 1"),
    "personal_limit": Query(LineRow, "select to_jsonb(t)::text as line from personal_limit t where t.patient_id = $1 order by 1"),
    "personal_proposal": Query(LineRow, "select to_jsonb(t)::text as line from personal_proposal t where t.patient_id = $1 order by 1"),
    "plan": Query(LineRow, "select to_jsonb(t)::text as line from plan t where t.patient_id = $1 order by 1"),
    "plan_pause": Query(LineRow, "select to_jsonb(t)::text as line from plan_pause t where t.patient_id = $1 order by 1"),
    "plan_signature": Query(LineRow, "select to_jsonb(t)::text as line from plan_signature t where t.patient_id = $1 order by 1"),
    "proxy_right": Query(LineRow, "select to_jsonb(t)::text as line from proxy_right t where t.patient_id = $1 order by 1"),
    "quarantine": Query(LineRow, "select to_jsonb(t)::text as line from quarantine t where t.patient_id = $1 order by 1"),
    "quarantine_event": Query(LineRow, "select to_jsonb(t)::text as line from quarantine_event t where t.patient_id = $1 order by 1"),
    "reading": Query(LineRow, "select to_jsonb(t)::text as line from reading t where t.patient_id = $1 order by t.kind, t.taken_at, t.id"),
    "reading_link": Query(LineRow, "select to_jsonb(t)::text as line from reading_link t where t.patient_id = $1 order by 1"),
    "response": Query(LineRow, "select to_jsonb(t)::text as line from response t where t.patient_id = $1 order by 1"),
    "review": Query(LineRow, "select to_jsonb(t)::text as line from review t where t.patient_id = $1 order by 1"),
    "sensor_hour": Query(LineRow, "select to_jsonb(t)::text as line from sensor_hour t where t.patient_id = $1 order by t.kind, t.hour"),
    "sent_record": Query(LineRow, "select to_jsonb(t)::text as line from sent_record t where t.patient_id = $1 order by 1"),
    "share": Query(
        LineRow,
        """
        select to_jsonb(t)::text as line
          from (select share_id, patient_id, label, made_at, expires_at, ended_at from share) as t
         where t.patient_id = $1 order by 1
        """,
    ),
    "share_opening": Query(LineRow, "select to_jsonb(t)::text as line from share_opening t where t.patient_id = $1 order by 1"),
    "uploader_key": Query(
        LineRow,
        """
        select to_jsonb(t)::text as line
          from (select key_id, patient_id, label, made_at, used_at, ended_at from uploader_key) as t
         where t.patient_id = $1 order by 1
        """,
    ),
}  # fmt: skip
# As the FHIR door reads them, but all at once: corrections are looked up once, not for each reading.
OBSERVED: Final = Query(
    ReadingRow,
    """
    select r.id, r.kind, r.taken_at, r.received_at, r.value, r.value2, r.value3, r.original, r.unit, r.comparator, r.status, r.device,
           r.offset_min, r.corrects, r.marks, c.at as changed_at
      from reading r
      left join (select corrects, max(at) as at from correction where patient_id = $1 group by corrects) as c on c.corrects = r.id
     where r.patient_id = $1
     order by r.kind, r.taken_at, r.id
    """,
)
