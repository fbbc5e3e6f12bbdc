"""Rows, one file per table family. The tables themselves are made by ``evidence_store/migrations``."""

from evidence_store.models.account import AccessToken, UserAccount
from evidence_store.models.adoption import RecorderAdoption
from evidence_store.models.agency import Agency, AgencyPlace, AgencySuccession
from evidence_store.models.base import Base
from evidence_store.models.case import Case, CaseClip
from evidence_store.models.clip import Clip, ClipView, ViewKind
from evidence_store.models.clip_search import ClipFilter, ClipPosition, ClipRow
from evidence_store.models.copy import ObjectCopy, ObjectLoss, StoreRole
from evidence_store.models.coverage import (
    CoverageAlarm,
    CoverageFigure,
    CoverageSnapshot,
    CoverageTarget,
    SnapshotEdition,
    SnapshotKind,
    WebhookDelivery,
)
from evidence_store.models.coverage_report import ReportDelivery, ReportReceived, ReportSent
from evidence_store.models.custody import (
    CheckpointRow,
    Cosignature,
    CustodyEventRow,
    CustodyLeaf,
    CustodyPending,
    LogExport,
    LogKey,
    MerkleNode,
    TimestampReceipt,
)
from evidence_store.models.dock import BoardRow, Dock, DockSession, SessionFile
from evidence_store.models.evidence_package import EvidencePackage, PackagedClip, PackageFile, PackageRow, PackageSeal
from evidence_store.models.fact import Fact, RosterChange, RosterConfirmation, RosterSourceState, SpanFact
from evidence_store.models.footage_import import FootageImport, ImportRow, ImportStatement
from evidence_store.models.lock_probe import LockProbeRun
from evidence_store.models.log_audit import LogAuditRun
from evidence_store.models.officer import Certificate, CertificateStatus, CertificateTerm, DutyState, Officer, OfficerCode, OfficerPost
from evidence_store.models.recorder import Assignment, PoolCheckout, Recorder, RecorderPlace, RecorderStatus, RecorderUse
from evidence_store.models.safekeeping import Finding, FixityCheck, FixityRun, ReconcileRun, RemovalProposal, StoreListing

__all__ = [
    "AccessToken",
    "Agency",
    "AgencyPlace",
    "AgencySuccession",
    "Assignment",
    "Base",
    "BoardRow",
    "Case",
    "CaseClip",
    "Certificate",
    "CertificateStatus",
    "CertificateTerm",
    "CheckpointRow",
    "Clip",
    "ClipFilter",
    "ClipPosition",
    "ClipRow",
    "ClipView",
    "Cosignature",
    "CoverageAlarm",
    "CoverageFigure",
    "CoverageSnapshot",
    "CoverageTarget",
    "CustodyEventRow",
    "CustodyLeaf",
    "CustodyPending",
    "Dock",
    "DockSession",
    "DutyState",
    "EvidencePackage",
    "Fact",
    "Finding",
    "FixityCheck",
    "FixityRun",
    "FootageImport",
    "ImportRow",
    "ImportStatement",
    "LockProbeRun",
    "LogAuditRun",
    "LogExport",
    "LogKey",
    "MerkleNode",
    "ObjectCopy",
    "ObjectLoss",
    "Officer",
    "OfficerCode",
    "OfficerPost",
    "PackageFile",
    "PackageRow",
    "PackageSeal",
    "PackagedClip",
    "PoolCheckout",
    "ReconcileRun",
    "Recorder",
    "RecorderAdoption",
    "RecorderPlace",
    "RecorderStatus",
    "RecorderUse",
    "RemovalProposal",
    "ReportDelivery",
    "ReportReceived",
    "ReportSent",
    "RosterChange",
    "RosterConfirmation",
    "RosterSourceState",
    "SessionFile",
    "SnapshotEdition",
    "SnapshotKind",
    "SpanFact",
    "StoreListing",
    "StoreRole",
    "TimestampReceipt",
    "UserAccount",
    "ViewKind",
    "WebhookDelivery",
]
