"""The rest of a record in FHIR: concerns, plan, what was said, permissions, forms and the access log; read only."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from domain.actor import Actor, ActorKind, Scope
from domain.plans.plan import Plan
from domain.readings.kinds import BY_NAME, DataClass
from server import clock
from server.app_state import Parts
from server.audit import store as audit
from server.audit.words import DID, WHAT
from server.consent import store as grants
from server.db import Tx
from server.fhir import store, things
from server.fhir.ids import joined, parted
from server.fhir.out import observation
from server.fhir.outcome import refused
from server.fhir.parameters import FIRST, LAST, MOST, one_of, patient_id, span
from server.fhir.reading import SAMPLED, named
from server.fhir.resources import Bundle, Entry, Link, Search, instant
from server.plans import store as plans

Found = dict[str, Any]
"""One resource, as the fields of the standard."""
_PLAN: Final = msgspec.json.Decoder(Plan)
_HL7: Final = "http://terminology.hl7.org/CodeSystem"
_SEVERITY: Final = {1: "low", 2: "moderate", 3: "high"}
_COMPARE: Final = {"active": "active", "explained": "inactive", "withdrawn": "entered-in-error", "found_late": "inactive"}
_PLAN_STATUS: Final = {"draft": "draft", "in_force": "active", "superseded": "revoked"}
_HIGHEST: Final = UUID(int=2**128 - 1)
_YEAR: Final = timedelta(days=366)


def _person(patient: UUID) -> Found:
    return {"reference": f"Patient/{patient}"}


def _words(text: str, system: str = "", code: str = "") -> Found:
    coding = [{"system": system, "code": code}] if code else []
    return {**({"coding": coding} if coding else {}), "text": text}


def tidy(found: Any) -> Any:  # noqa: ANN401 - any part of a resource
    """Without what says nothing: R4 knows no null and nothing empty."""
    if isinstance(found, dict):
        fields = cast("dict[str, Any]", found)
        return {name: kept for name, value in fields.items() if (kept := tidy(value)) not in (None, "", [], {})}
    if isinstance(found, list):
        ones = cast("list[Any]", found)
        return [kept for value in ones if (kept := tidy(value)) not in (None, "", [], {})]
    return found


async def flags(tx: Tx, patient: UUID) -> list[Found]:
    """Each flag that was raised: what it is about, since when, whether it still stands."""
    rows = await store.FLAGS.all(tx, patient)
    return [
        {
            "resourceType": "Flag", "id": joined(patient, row.id),
            "status": "inactive" if row.closed_at is not None and row.state == "active" else _COMPARE.get(row.state, "inactive"),
            "category": [_words("Clinical", f"{_HL7}/flag-category", "clinical")],
            "code": _words(row.sentence or row.rule, "urn:steady:rule", row.rule), "subject": _person(patient),
            "period": {"start": instant(row.raised_at), "end": None if row.closed_at is None else instant(row.closed_at)},
        }
        for row in rows
    ]  # fmt: skip


async def issues(tx: Tx, patient: UUID) -> list[Found]:
    """Each judgement behind a flag: the rule, how grave, which reading it is about, in which words."""
    rows = await store.FLAGS.all(tx, patient)
    return [
        {
            "resourceType": "DetectedIssue", "id": joined(patient, row.judgement),
            "status": "entered-in-error" if row.state == "withdrawn" else "final",
            "code": _words(row.rule, "urn:steady:rule", row.rule), "severity": _SEVERITY[row.severity], "patient": _person(patient),
            "identifiedDateTime": instant(row.raised_at), "detail": row.sentence,
            "evidence": [] if row.is_sample else [{"detail": [{"reference": f"Observation/{joined(patient, row.anchor)}"}]}],
            "implicated": [{"reference": f"Flag/{joined(patient, row.id)}"}],
        }
        for row in rows
    ]  # fmt: skip


async def care_plans(tx: Tx, patient: UUID) -> list[Found]:
    """Each version of the plan: steps by zone, goals and targets in words, who signed."""
    found: list[Found] = []
    for row in await plans.VERSIONS.all(tx, patient):
        body = _PLAN.decode(row.body)
        signed = await plans.SIGNATURES.all(tx, patient, row.version, row.revision)
        found.append({
            "resourceType": "CarePlan", "id": joined(patient, UUID(int=row.version)), "meta": {"versionId": str(row.revision)},
            "status": _PLAN_STATUS.get(row.state, "unknown"), "intent": "plan", "title": "Personalised care and support plan",
            "description": body.what_matters, "subject": _person(patient),
            "period": None if row.from_at is None else {
                "start": instant(row.from_at), "end": None if row.until_at is None else instant(row.until_at)},
            "created": instant(row.drafted_at), "contributor": [{"display": one.name or one.role} for one in signed],
            "note": [{"text": one.words} for one in body.goals] + ([{"text": body.contingency}] if body.contingency else []),
            "activity": [
                {"detail": {"kind": "ServiceRequest", "status": "in-progress" if row.state == "in_force" else "unknown",
                            "code": _words(one.zone.value, "urn:steady:zone", one.zone.value), "description": one.words}}
                for one in body.steps
            ],
        })  # fmt: skip
    return found


async def communications(tx: Tx, patient: UUID) -> list[Found]:
    """What the person was told, in the words that were sent."""
    return [
        {
            "resourceType": "Communication", "id": joined(patient, row.id), "status": "completed", "subject": _person(patient),
            "recipient": [_person(patient)], "sent": instant(row.created_at),
            "received": None if row.received_at is None else instant(row.received_at), "payload": [{"contentString": row.said}],
        }
        for row in await store.SAID.all(tx, patient)
    ]  # fmt: skip


async def consents(tx: Tx, patient: UUID) -> list[Found]:
    """Each permission: which team, for which data, to do what, from when to when."""
    found: list[Found] = []
    for row in await grants.GRANTS.all(tx, patient):
        action = [_words("Access", f"{_HL7}/consentaction", "access")]
        action += [_words("Correct", f"{_HL7}/consentaction", "correct")] if row.may_write else []
        found.append({
            "resourceType": "Consent", "id": joined(patient, row.grant_id),
            "status": "active" if row.to_at is None or row.to_at > clock.now() else "inactive",
            "scope": _words("Privacy", f"{_HL7}/consentscope", "patient-privacy"),
            "category": [_words("Information access", "http://loinc.org", "59284-0")], "patient": _person(patient),
            "dateTime": instant(row.from_at), "policyRule": _words("The person's own choice", f"{_HL7}/v3-ActCode", "OPTIN"),
            "provision": {
                "type": "permit", "period": {"start": instant(row.from_at), "end": None if row.to_at is None else instant(row.to_at)},
                "actor": [{"role": _words("Recipient", f"{_HL7}/v3-ParticipationType", "IRCP"),
                           "reference": {"display": row.name or "somebody"}}],
                "action": action,
                "purpose": [{"system": f"{_HL7}/v3-ActReason", "code": "TREAT"}],
                "class": [{"system": "urn:steady:data-class", "code": DataClass(one).name.lower()} for one in row.data_classes],
            },
        })  # fmt: skip
    return found


async def audit_events(tx: Tx, patient: UUID) -> list[Found]:
    """Who looked at or changed the record, the newest first."""
    rows = await audit.LOG.all(tx, patient, LAST, _HIGHEST, 2**31 - 1, True, MOST)  # noqa: FBT003 - the person's own looks too
    return [
        {
            "resourceType": "AuditEvent", "id": joined(row.writer, UUID(int=row.seq)),
            "type": {"system": f"{_HL7}/audit-event-type", "code": "rest"}, "action": row.action, "recorded": instant(row.at),
            "outcome": "0", "outcomeDesc": f"{DID.get(row.action, 'used')} {WHAT.get(row.what, 'your record')}",
            "purposeOfEvent": [_words("Treatment", f"{_HL7}/v3-ActReason", "TREAT")],
            "agent": [{"who": {"display": row.name or row.actor_kind}, "requestor": True,
                       "role": [{"text": row.role}] if row.role else []}],
            "source": {"observer": {"display": row.organisation or "Steady"}},
            "entity": [{"what": _person(patient), "type": {"system": f"{_HL7}/audit-entity-type", "code": "1"}}],
        }
        for row in rows
    ]  # fmt: skip


async def responses(tx: Tx, patient: UUID) -> list[Found]:
    """Each filled-in form, its answers by their keys."""
    found: list[Found] = []
    for row in await store.RESPONSES.all(tx, patient):
        answers: dict[str, Any] = msgspec.json.decode(row.answers)
        found.append({
            "resourceType": "QuestionnaireResponse", "id": joined(patient, row.id),
            "questionnaire": f"urn:steady:form:{row.form}|{row.version}", "status": "entered-in-error" if row.is_superseded else "completed",
            "subject": _person(patient), "authored": instant(row.taken_at), "source": _person(patient),
            "item": [{"linkId": key, "answer": [_answer(one) for one in _each(value)]} for key, value in answers.items()],
        })  # fmt: skip
    return found


def _each(value: Any) -> list[Any]:  # noqa: ANN401 - one answer or several
    return list(cast("list[Any]", value)) if isinstance(value, list) else [value]


def _answer(one: Any) -> Found:  # noqa: ANN401 - a code or a number
    return {"valueCoding": {"system": "urn:steady:answer", "code": one}} if isinstance(one, str) else {"valueDecimal": one}


Reader = Callable[[Tx, UUID], Awaitable[list[Found]]]
READERS: Final[dict[str, tuple[Reader, Scope, str]]] = {
    "Flag": (flags, Scope.EPISODES_READ, "my-episodes"), "DetectedIssue": (issues, Scope.EPISODES_READ, "my-episodes"),
    "CarePlan": (care_plans, Scope.READINGS_READ, "plan"), "Communication": (communications, Scope.EPISODES_READ, "my-episodes"),
    "Consent": (consents, Scope.READINGS_READ, "grants"), "AuditEvent": (audit_events, Scope.READINGS_READ, "access-log"),
    "QuestionnaireResponse": (responses, Scope.READINGS_READ, "responses"),
}  # fmt: skip
"""What is read of a record: by what, with which scope, and how the access log names it."""


async def search(parts: Parts, actor: Actor, kind: str, query: Mapping[str, Sequence[str]], base: str, request_id: UUID) -> Bundle:
    """All of one type of a patient, as far as the asker may see them."""
    patient = _whose(actor, query, base)
    found = await _read(parts, actor, kind, patient, request_id)
    entries = tuple(Entry(full_url=f"{base}/{kind}/{one['id']}", resource=one, search=Search(mode="match")) for one in found)
    return Bundle(type="searchset", total=len(entries), entry=entries)


async def one(parts: Parts, actor: Actor, kind: str, text: str, request_id: UUID) -> Found | None:
    """One resource by its logical id, or None. An access log row is found by its search only."""
    if kind == "AuditEvent":
        return None
    return next((each for each in await _read(parts, actor, kind, parted(text).patient, request_id) if each["id"] == text), None)


def _whose(actor: Actor, query: Mapping[str, Sequence[str]], base: str) -> UUID:
    whose = one_of(query, "patient", "subject")
    if whose is not None:
        return patient_id(whose, base)
    if actor.kind is not ActorKind.PATIENT:
        raise refused(400, "required", "Whose: patient=Patient/<id>.", "", "patient")
    return actor.id


async def _read(parts: Parts, actor: Actor, kind: str, patient: UUID, request_id: UUID) -> list[Found]:
    reader, scope, what = READERS[kind]
    actor.must(scope)
    async with parts.database.begin(actor) as tx:
        found = [tidy(each) for each in await reader(tx, patient)]
    await parts.reads.record(actor, patient, what, request_id, n=max(len(found), 1))
    return found


async def everything(
    parts: Parts, actor: Actor, patient: UUID, query: Mapping[str, Sequence[str]], base: str, request_id: UUID,
) -> Bundle | None:  # fmt: skip
    """A patient's whole record, as far as the asker may see it: the last year of readings unless `start` says otherwise."""
    actor.must(Scope.READINGS_READ)
    wanted = set((one_of(query, "_type") or "Patient,Observation,Device," + ",".join(READERS)).split(","))
    start, _ = span(query.get("start", ()), "start")
    _, end = span(query.get("end", ()), "end")
    person = await things.patient(parts, actor, patient, request_id)
    if person is None:
        return None
    entries = [Entry(full_url=f"{base}/Patient/{patient}", resource=person, search=Search(mode="match"))] if "Patient" in wanted else []
    if "Observation" in wanted:
        entries += await _observations(parts, actor, patient, (start if start > FIRST else clock.now() - _YEAR, end), base, request_id)
    if "Device" in wanted:
        async with parts.database.begin(actor) as tx:
            rows = await store.DEVICES_OF.all(tx, patient)
        entries += [Entry(full_url=f"{base}/Device/{row.device_no}", resource=things.device(row, patient), search=Search(mode="match"))
                    for row in rows]  # fmt: skip
    for kind, (_, scope, _) in READERS.items():
        if kind in wanted and scope in actor.scopes:
            found = await _read(parts, actor, kind, patient, request_id)
            entries += [Entry(full_url=f"{base}/{kind}/{each['id']}", resource=each, search=Search(mode="match")) for each in found]
    own = Link(relation="self", url=f"{base}/Patient/$everything")
    return Bundle(type="searchset", total=len(entries), link=(own,), entry=tuple(entries))


async def _observations(
    parts: Parts, actor: Actor, patient: UUID, when: tuple[datetime, datetime], base: str, request_id: UUID,
) -> list[Entry]:  # fmt: skip
    """Readings of a stretch; a sensor's samples are read page by page at Observation."""
    kinds = [kind.no for kind in BY_NAME.values() if kind.no not in SAMPLED]
    logged = parts.reads.record(actor, patient, "readings", request_id)
    async with parts.database.begin(actor) as tx:
        rows = await store.SOME.all(tx, patient, kinds, *when, LAST, _HIGHEST, [0, 1, 2], FIRST, LAST, None, None, None, 20_000)
        names = await named(tx, patient, rows)
    await logged
    found = [observation(patient, row, names.get(row.id, ())) for row in rows]
    return [Entry(full_url=f"{base}/Observation/{each.id}", resource=each, search=Search(mode="match")) for each in found]


