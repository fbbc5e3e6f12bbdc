"""What vouches for the tree: the log's keys, signed checkpoints, time-stamp tokens, lines of witnesses."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from evidence_store.models import CheckpointRow, Cosignature, LogKey, TimestampReceipt
from evidence_store.repositories.log import EMBEDDED_AUTHORITY
from evidence_store.unit_of_work import UnitOfWork
from integrity.checkpoint import Checkpoint, open_checkpoint, parse_verifier_key
from integrity.custody_event import parse_event
from integrity.errors import IntegrityError
from integrity.hashing import digest_by_name
from integrity.key_transition import KeyTransition, open_transition
from integrity.timestamp_token import verify_token
from service.context import ServiceContext
from service.custody.audit_tree import RootAt
from service.custody.change_key import SUBJECT, verifier_key_of
from service.custody.log_fault import LogFault, Name
from service.custody.stamp_elsewhere import CLOCKS_MAY_DIFFER
from service.custody.timestamp_checkpoint import signed_text


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """The log's keys as the present one vouches for those before it: each with the size beyond which it signs, oldest first."""

    keys: tuple[tuple[str, int], ...]

    def of(self, size: int) -> str:
        """The key that signs the checkpoint of a size."""
        return next((key for key, after in reversed(self.keys) if size > after), self.keys[0][0])

    def open(self, note: str, size: int) -> Checkpoint:
        """Read a checkpoint that the key of its size signed.

        Raises:
            IntegrityError: It did not.
        """
        return open_checkpoint(note, [self.of(size)]).checkpoint


def audit_keys(context: ServiceContext, work: UnitOfWork, name: Name) -> TrustedKeys:
    """Follow the notes of changed keys back from the key that this service holds, and compare them with the keys that were noted down."""
    rows = {row.verifier_key: row for row in work.log_audits.signing_keys()}
    changed_at = _changes(work)
    key, trusted = verifier_key_of(context.log_signer), list[tuple[str, int]]()
    while True:
        row = rows.pop(key, None)
        transition = _transition(row, key, name)
        trusted.insert(0, (key, transition.size if transition else 0))
        if row is None and work.log.size():
            name(LogFault("log_key", f"verifier_key={key}", None, "is gone"))
        if row is not None:
            _audit_key(row, transition, changed_at.get(key), name)
        if transition is None or any(known == transition.old_key for known, _ in trusted):
            break
        key = transition.old_key
    for stranger in rows:
        name(LogFault("log_key", f"verifier_key={stranger}", None, "no key that this service trusts vouches for it"))
    return TrustedKeys(tuple(trusted))


def _transition(row: LogKey | None, key: str, name: Name) -> KeyTransition | None:
    if row is None or row.transition is None:
        return None
    try:
        transition = open_transition(row.transition)
    except IntegrityError as error:
        name(LogFault("log_key", f"verifier_key={key}", "transition", str(error)))
        return None
    if transition.new_key != key:
        name(LogFault("log_key", f"verifier_key={key}", "transition", "is about another key"))
        return None
    return transition


def _changes(work: UnitOfWork) -> dict[str, datetime]:
    """When the custody log says that each key took over; events that cannot be read are named with the events."""
    changes = {}
    for canonical in work.log_audits.event_bytes(SUBJECT, "key.changed"):
        with suppress(IntegrityError):
            event = parse_event(canonical)
            changes[str(event.details.get("new_key"))] = event.at
    return changes


def _audit_key(row: LogKey, transition: KeyTransition | None, changed_at: datetime | None, name: Name) -> None:
    where = f"verifier_key={row.verifier_key}"
    if (row.transition is None) != (changed_at is None):
        name(LogFault("log_key", where, "transition", "a change of keys has its note, and the first key has none"))
    if row.from_size != (transition.size if transition else 0):
        name(LogFault("log_key", where, "from_size", f"says {row.from_size}, the note that both keys signed says otherwise"))
    if changed_at is not None and row.since != changed_at:
        name(LogFault("log_key", where, "since", f"says {row.since}, the custody log says {changed_at}"))


def newest_signed(work: UnitOfWork, keys: TrustedKeys) -> CheckpointRow | None:
    """The checkpoint that covers most among those whose signature holds."""
    for row in work.log_audits.newest_checkpoints():
        try:
            if keys.open(row.note, row.size).size == row.size:
                return row
        except IntegrityError:
            continue  # named when checkpoints are compared
    return None


class Vouchers:
    """Compares checkpoints and what stands on them, page by page, with the roots of the grown tree."""

    def __init__(self, context: ServiceContext, work: UnitOfWork, keys: TrustedKeys, name: Name) -> None:
        self._context, self._work, self._keys, self._name = context, work, keys, name
        self._witness_keys = {witness.name: witness.key for witness in context.settings.witnesses}
        self._authorities = {authority.name: authority for authority in context.settings.timestamp_authorities}
        self._signed_before: datetime | None = None
        self.count = 0

    def audit(self, first: int, last: int, root_at: RootAt | None) -> None:
        """Compare everything about checkpoints of sizes beyond ``first`` up to ``last``.

        Args:
            first: See above.
            last: See above.
            root_at: Gives roots; ``None`` when the log has no leaves there.
        """
        receipts, lines = self._work.log_audits.receipts(first, last), self._work.log_audits.cosignatures(first, last)
        rows = {row.size: row for row in self._work.log_audits.checkpoints(first, last)}
        self.count += len(rows)
        stamped: dict[int, datetime] = {}
        for receipt in receipts:
            self._audit_receipt(receipt, rows.get(receipt.checkpoint_size), stamped)
        for line in lines:
            self._audit_line(line, rows.get(line.checkpoint_size))
        for row in rows.values():
            self._audit_checkpoint(row, root_at, stamped.get(row.size))

    def _audit_checkpoint(self, row: CheckpointRow, root_at: RootAt | None, stamped_at: datetime | None) -> None:
        key = f"size={row.size}"
        try:
            said = open_checkpoint(row.note, [known for known, _ in self._keys.keys]).checkpoint
            if said.size != row.size:
                self._name(LogFault("checkpoint", key, "size", f"the signed note says {said.size}"))
                return
            checkpoint = self._keys.open(row.note, row.size)
        except IntegrityError as error:
            self._name(LogFault("checkpoint", key, "note", str(error)))
            return
        if checkpoint.root != row.root:
            self._name(LogFault("checkpoint", key, "root", "is not the root in the signed note"))
        if root_at is None or root_at(row.size) != checkpoint.root:
            self._name(LogFault("checkpoint", key, None, f"the first {row.size} leaves do not give the root that was signed: the log was rewritten"))
        if stamped_at is not None and row.signed_at - CLOCKS_MAY_DIFFER > stamped_at:
            self._name(LogFault("checkpoint", key, "signed_at", f"says {row.signed_at}, after its time-stamp of {stamped_at}"))
        elif self._signed_before is not None and row.signed_at <= self._signed_before:
            self._name(LogFault("checkpoint", key, "signed_at", f"says {row.signed_at}, the checkpoint before it was signed {self._signed_before}"))
        else:
            self._signed_before = row.signed_at

    def _audit_receipt(self, receipt: TimestampReceipt, checkpoint: CheckpointRow | None, stamped: dict[int, datetime]) -> None:
        key = f"checkpoint_size={receipt.checkpoint_size} authority={receipt.authority}"
        if checkpoint is None:
            self._name(LogFault("timestamp_receipt", key, "checkpoint_size", "there is no such checkpoint"))
            return
        trusted = self._roots(receipt.authority)
        if trusted is None:
            if self._is_embedded(receipt, checkpoint):
                self._name(LogFault("timestamp_receipt", key, "authority", "the token is the embedded authority's"))
            return  # of an authority that is no longer configured: nothing here can tell
        roots, algorithm = trusted
        try:
            verified = verify_token(receipt.token, digest_by_name(algorithm, signed_text(checkpoint.note)), roots=roots, algorithm=algorithm)
        except (IntegrityError, ValueError) as error:
            self._name(LogFault("timestamp_receipt", key, "token", str(error)))
            return
        if verified.at != receipt.stamped_at:
            self._name(LogFault("timestamp_receipt", key, "stamped_at", f"says {receipt.stamped_at}, the token says {verified.at}"))
        stamped[receipt.checkpoint_size] = min(verified.at, stamped.get(receipt.checkpoint_size, verified.at))

    def _roots(self, authority: str) -> tuple[Sequence[x509.Certificate], str] | None:
        if authority == EMBEDDED_AUTHORITY:
            return [self._context.authority.root], "sha256"
        known = self._authorities.get(authority)
        return None if known is None else (x509.load_pem_x509_certificates(known.roots.read_bytes()), known.digest)

    def _is_embedded(self, receipt: TimestampReceipt, checkpoint: CheckpointRow) -> bool:
        try:
            verify_token(receipt.token, digest_by_name("sha256", signed_text(checkpoint.note)), roots=[self._context.authority.root])
        except (IntegrityError, ValueError):
            return False
        return True

    def _audit_line(self, line: Cosignature, checkpoint: CheckpointRow | None) -> None:
        key = f"checkpoint_size={line.checkpoint_size} witness={line.witness}"
        if checkpoint is None:
            self._name(LogFault("cosignature", key, "checkpoint_size", "there is no such checkpoint"))
            return
        if not line.line.startswith(f"\u2014 {line.witness} "):
            self._name(LogFault("cosignature", key, "witness", "the line is another witness's"))
            return
        witness = self._witness_keys.get(line.witness)
        if witness is None:
            return  # a witness that is no longer configured: nothing here can tell
        try:
            opened = open_checkpoint(checkpoint.note + line.line, [self._keys.of(checkpoint.size), witness])
        except IntegrityError as error:
            self._name(LogFault("cosignature", key, "line", str(error)))
            return
        key_id = parse_verifier_key(witness).key_id
        signed_at = next((one.signed_at for one in opened.signatures if one.key_id == key_id), None)
        if signed_at != line.signed_at:
            self._name(LogFault("cosignature", key, "signed_at", f"says {line.signed_at}, the witness's line says {signed_at}"))
