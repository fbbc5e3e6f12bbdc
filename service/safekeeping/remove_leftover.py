"""A leftover in the store is removed by two people: one proposes, another confirms. What is locked, or named by a record, nobody removes."""

from dataclasses import dataclass
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.errors import ObjectNotFoundError, ObjectStoreRefusedError
from evidence_store.models import Finding, RemovalProposal
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from service.access.permission import require
from service.access.policy import Action
from service.access.reasons import given_reason
from service.context import ServiceContext
from service.safekeeping.errors import (
    FindingNotFoundError,
    LeftoverLockedError,
    NoLeftoverError,
    RemovalNotProposedError,
    RemovalProposedError,
    SecondPersonNeededError,
)
from service.safekeeping.findings import LEFTOVERS

SUBJECT = "leftover"
_LISTED = 500


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding, and the newest proposal to remove what it is about."""

    finding: Finding
    proposal: RemovalProposal | None


def list_findings(context: ServiceContext, *, actor: Actor, is_open: bool | None = None, kind: str | None = None) -> list[FindingRow]:
    """List the 500 findings seen last.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.READ_HEALTH, actor)
    with context.unit_of_work() as work:
        findings = work.findings.newest(limit=_LISTED, is_open=is_open, kind=kind)
        proposals = work.findings.proposals([finding.id for finding in findings])
    return [FindingRow(finding, proposals.get(finding.id)) for finding in findings]


def propose_removal(context: ServiceContext, finding_id: UUID, *, reason: str, actor: Actor) -> UUID:
    """Propose to remove what a finding says is left over; nothing happens before another person confirms.

    Returns:
        Id of the proposal, under which the custody log tells of it.

    Raises:
        NotPermittedError: This role may not.
        FindingNotFoundError: No such finding.
        NoLeftoverError: It is about nothing that may be removed.
        LeftoverLockedError: The store keeps it locked.
        RemovalProposedError: Somebody proposed that already.
        UnacceptableValueError: No reason, or too long a one.
    """
    require(Action.REMOVE_LEFTOVER, actor)
    reason = given_reason(reason)
    now = context.clock.now()
    with context.unit_of_work() as work:
        finding = _leftover(context, work, finding_id)
        if work.findings.proposal_of(finding_id) is not None:
            raise RemovalProposedError(finding_id)
        proposal = RemovalProposal(id=context.new_id(), finding_id=finding_id, key=finding.details["key"], reason=reason)
        proposal.version_id, proposal.upload_id = finding.details.get("version_id"), finding.details.get("upload_id")
        proposal.proposed_by, proposal.proposed_at = UUID(actor.id), now
        work.findings.add_proposal(proposal)
        details: dict[str, JsonValue] = {**_what(proposal), "kind": finding.kind, "reason": reason}
        work.custody.append(SUBJECT, proposal.id, "removal.proposed", actor=actor, at=now, details=details)
        return proposal.id


def confirm_removal(context: ServiceContext, finding_id: UUID, *, actor: Actor) -> None:
    """Confirm a proposal of somebody else and remove the leftover; after a failure the same again goes on with it.

    Raises:
        NotPermittedError: This role may not.
        FindingNotFoundError: No such finding.
        RemovalNotProposedError: Nobody proposed it.
        SecondPersonNeededError: The proposal is this person's own.
        NoLeftoverError: It is about nothing that may be removed, or a record names it by now.
        LeftoverLockedError: The store keeps it locked.
        StoreUnavailableError: The store is away; the confirmation stands.
    """
    require(Action.REMOVE_LEFTOVER, actor)
    now = context.clock.now()
    with context.unit_of_work() as work:
        _leftover(context, work, finding_id)
        proposal = work.findings.proposal_of(finding_id)
        if proposal is None:
            raise RemovalNotProposedError(finding_id)
        if str(proposal.proposed_by) == actor.id:
            raise SecondPersonNeededError(finding_id)
        if proposal.confirmed_by is None:
            proposal.confirmed_by, proposal.confirmed_at = UUID(actor.id), now
            work.custody.append(SUBJECT, proposal.id, "removal.confirmed", actor=actor, at=now, details=_what(proposal))
    _remove(context, proposal)
    _conclude(context, finding_id, actor=actor)


def _leftover(context: ServiceContext, work: UnitOfWork, finding_id: UUID) -> Finding:
    """Find what may be removed, and hold its row."""
    finding = work.findings.lock(finding_id)
    if finding is None:
        raise FindingNotFoundError(finding_id)
    if finding.kind not in LEFTOVERS or finding.resolved_at is not None:
        raise NoLeftoverError(finding_id)
    key, version_id = finding.details["key"], finding.details.get("version_id")
    if version_id is None:
        return finding
    if work.reconciliation.is_named(key, version_id):
        raise NoLeftoverError(finding_id)
    try:
        lock = context.objects.retention(key, version_id)
    except (ObjectNotFoundError, ObjectStoreRefusedError):
        lock = None  # a delete marker has none, and what is gone needs none; the store itself refuses what is locked
    if lock is not None and lock.until > context.clock.now():
        raise LeftoverLockedError(key, lock.until.isoformat())
    return finding


def _remove(context: ServiceContext, proposal: RemovalProposal) -> None:
    if proposal.upload_id is not None:
        context.objects.abandon_upload(proposal.key, proposal.upload_id)
        return
    try:
        context.objects.remove_version(proposal.key, proposal.version_id or "")
    except ObjectStoreRefusedError as error:
        raise LeftoverLockedError(proposal.key, f"its time ({error.code})") from error


def _conclude(context: ServiceContext, finding_id: UUID, *, actor: Actor) -> None:
    now = context.clock.now()
    with context.unit_of_work() as work:
        finding, proposal = work.findings.lock(finding_id), work.findings.proposal_of(finding_id)
        if finding is None or proposal is None:
            return  # somebody who confirmed at the same moment was faster
        proposal.removed_at = finding.resolved_at = now
        work.custody.append(SUBJECT, proposal.id, "leftover.removed", actor=actor, at=now, details=_what(proposal))


def _what(proposal: RemovalProposal) -> dict[str, JsonValue]:
    return {"finding_id": str(proposal.finding_id), "key": proposal.key, "version_id": proposal.version_id, "upload_id": proposal.upload_id}
