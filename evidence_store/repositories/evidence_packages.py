"""Packages of evidence that were handed over, and what is needed to write them again."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, and_, func, select, text, tuple_, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evidence_store.actor import Actor
from evidence_store.models import (
    Agency,
    Case,
    CustodyEventRow,
    CustodyLeaf,
    EvidencePackage,
    MerkleNode,
    PackagedClip,
    PackageFile,
    PackageRow,
    PackageSeal,
)
from evidence_store.repositories.scope import within_agencies

_NODES_AT_ONCE = 5_000
_PACKAGE_LOCK = 0x706B67  # "pkg"
MADE = "package.made"
"""Action of the event that a package's own chain begins with."""


@dataclass(frozen=True, slots=True)
class PackagedEvent:
    """An event that goes along: its clip (``None`` for the package's own), its number in that chain, and its place in the log, if it has one."""

    clip_id: UUID | None
    seq: int
    canonical: bytes
    leaf_index: int | None


class EvidencePackages:
    """Packages; every method that finds one for a person takes the actor."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, package: EvidencePackage, clips: Sequence[PackagedClip], contents: bytes) -> None:
        """Add a package with its clips and its ``contents.json``."""
        self.add_files({package.contents_sha256: contents})
        self._session.add(package)
        self._session.flush()
        self._session.add_all(clips)
        self._session.flush()

    def find(self, package_id: UUID, actor: Actor) -> PackageRow | None:
        """Find a package that the actor may see."""
        row = self._session.execute(_rows(actor).where(EvidencePackage.id == package_id)).one_or_none()
        return None if row is None else PackageRow(row[0], row[1], row[2], row[3])

    def newest(self, actor: Actor, *, limit: int, case_id: UUID | None = None) -> list[PackageRow]:
        """List packages that the actor may see, newest first."""
        query = _rows(actor).order_by(EvidencePackage.made_at.desc(), EvidencePackage.id.desc()).limit(limit)
        if case_id is not None:
            query = query.where(EvidencePackage.case_id == case_id)
        return [PackageRow(row[0], row[1], row[2], row[3]) for row in self._session.execute(query)]

    def lock(self, package_id: UUID) -> None:
        """Wait for whoever else appends to a package's chain, until the transaction ends; its row is never written again, and cannot be held."""
        self._session.execute(text("SELECT pg_advisory_xact_lock(:room, hashtext(:id))"), {"room": _PACKAGE_LOCK, "id": str(package_id)})

    def clips(self, package_id: UUID) -> list[PackagedClip]:
        """List a package's clips by their id."""
        return list(self._session.scalars(select(PackagedClip).where(PackagedClip.package_id == package_id).order_by(PackagedClip.clip_id)))

    def events(self, package_id: UUID) -> list[PackagedEvent]:
        """List the events that go along with a package, by their place in the log."""
        of_clips = (
            select(PackagedClip.clip_id, CustodyEventRow.subject_seq, CustodyEventRow.canonical, CustodyLeaf.leaf_index)
            .join(
                CustodyEventRow,
                and_(
                    CustodyEventRow.subject_kind == "clip",
                    CustodyEventRow.subject_id == PackagedClip.clip_id,
                    CustodyEventRow.subject_seq < PackagedClip.events,
                ),
            )
            .outerjoin(CustodyLeaf, CustodyLeaf.event_id == CustodyEventRow.id)
            .where(PackagedClip.package_id == package_id)
        )
        own = (
            select(CustodyEventRow.subject_seq, CustodyEventRow.canonical, CustodyLeaf.leaf_index)
            .outerjoin(CustodyLeaf, CustodyLeaf.event_id == CustodyEventRow.id)
            .where(CustodyEventRow.subject_kind == "package", CustodyEventRow.subject_id == package_id, CustodyEventRow.action == MADE)
        )
        events = [PackagedEvent(row[0], row[1], row[2], row[3]) for row in self._session.execute(of_clips)]
        events += [PackagedEvent(None, row[0], row[1], row[2]) for row in self._session.execute(own)]
        return sorted(events, key=lambda event: (event.leaf_index is None, event.leaf_index or 0))

    def needed_size(self, package_id: UUID) -> int | None:
        """Leaves that a checkpoint must cover to prove every event of a package; ``None`` while one has no place in the log."""
        of_clips = and_(
            CustodyEventRow.subject_kind == "clip",
            CustodyEventRow.subject_id == PackagedClip.clip_id,
            CustodyEventRow.subject_seq < PackagedClip.events,
        )
        places = select(CustodyEventRow.id).join(PackagedClip, of_clips).where(PackagedClip.package_id == package_id)
        own = select(CustodyEventRow.id).where(
            CustodyEventRow.subject_kind == "package", CustodyEventRow.subject_id == package_id, CustodyEventRow.action == MADE
        )
        events = union_all(places, own).subquery()
        query = select(func.count(), func.count(CustodyLeaf.leaf_index), func.max(CustodyLeaf.leaf_index))
        row = self._session.execute(query.select_from(events).outerjoin(CustodyLeaf, CustodyLeaf.event_id == events.c.id)).one()
        return row[2] + 1 if row[0] == row[1] else None

    def nodes(self, wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """Read many nodes of the log's tree by level and index."""
        found: dict[tuple[int, int], bytes] = {}
        keys = sorted(wanted)
        for start in range(0, len(keys), _NODES_AT_ONCE):
            query = select(MerkleNode.level, MerkleNode.node_index, MerkleNode.hash)
            query = query.where(tuple_(MerkleNode.level, MerkleNode.node_index).in_(keys[start : start + _NODES_AT_ONCE]))
            found.update({(row[0], row[1]): row[2] for row in self._session.execute(query)})
        return found

    def count_events(self, clip_ids: Iterable[UUID]) -> tuple[int, int]:
        """Count the events of clips' chains, and their bytes."""
        query = select(func.count(), func.coalesce(func.sum(func.length(CustodyEventRow.canonical)), 0))
        query = query.where(CustodyEventRow.subject_kind == "clip", CustodyEventRow.subject_id.in_(list(clip_ids)))
        row = self._session.execute(query).one()
        return row[0], int(row[1])

    def add_files(self, contents: Mapping[str, bytes]) -> None:
        """Keep files by their SHA-256; those that are kept already stay."""
        for sha256, content in contents.items():
            self._session.execute(insert(PackageFile).values(sha256=sha256, content=content).on_conflict_do_nothing())

    def read_files(self, digests: Collection[str]) -> dict[str, bytes]:
        """Read kept files by their SHA-256."""
        query = select(PackageFile.sha256, PackageFile.content).where(PackageFile.sha256.in_(digests))
        return {row[0]: row[1] for row in self._session.execute(query)}

    def seal_of(self, package_id: UUID) -> PackageSeal | None:
        """By which checkpoint a package proves its events, once that is fixed."""
        return self._session.get(PackageSeal, package_id)

    def add_seal(self, seal: PackageSeal) -> None:
        """Fix by which checkpoint a package proves its events."""
        self._session.add(seal)
        self._session.flush()


def _rows(actor: Actor) -> Select[EvidencePackage, Agency, Case | None, PackageSeal | None]:
    return (
        select(EvidencePackage, Agency, Case, PackageSeal)
        .join(Agency, Agency.id == EvidencePackage.agency_id)
        .outerjoin(Case, Case.id == EvidencePackage.case_id)
        .outerjoin(PackageSeal, PackageSeal.package_id == EvidencePackage.id)
        .where(within_agencies(EvidencePackage.agency_id, actor.scope))
    )
