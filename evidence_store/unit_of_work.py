"""One transaction per use case: the only place that commits."""

from collections.abc import Iterator
from contextlib import contextmanager

import procrastinate
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from evidence_store.database import translated_errors
from evidence_store.job_queue import JobQueue
from evidence_store.repositories.accounts import Accounts
from evidence_store.repositories.adoptions import Adoptions
from evidence_store.repositories.agencies import Agencies
from evidence_store.repositories.alarms import Alarms, Webhooks
from evidence_store.repositories.cases import Cases
from evidence_store.repositories.checkouts import Checkouts
from evidence_store.repositories.clips import Clips
from evidence_store.repositories.companions import CompanionFacts
from evidence_store.repositories.comparison import Comparison
from evidence_store.repositories.copies import Copies
from evidence_store.repositories.coverage import Coverage
from evidence_store.repositories.coverage_reports import CoverageReports
from evidence_store.repositories.custody import Custody
from evidence_store.repositories.docks import Docks
from evidence_store.repositories.evidence_packages import EvidencePackages
from evidence_store.repositories.findings import Findings
from evidence_store.repositories.fixity import Fixity
from evidence_store.repositories.imports import Imports
from evidence_store.repositories.inventory import Inventory
from evidence_store.repositories.lock_probes import LockProbes
from evidence_store.repositories.log import Log
from evidence_store.repositories.log_audits import LogAudits
from evidence_store.repositories.officers import Officers
from evidence_store.repositories.outlook import Outlook
from evidence_store.repositories.rebuilding import Rebuilding
from evidence_store.repositories.reconciliation import Reconciliation
from evidence_store.repositories.recorders import Recorders
from evidence_store.repositories.roster import RosterFacts
from evidence_store.repositories.snapshots import Snapshots
from evidence_store.repositories.statistics import Statistics
from evidence_store.repositories.supporting_facts import SupportingFacts


class UnitOfWork:
    """The repositories and the job queue of one transaction."""

    def __init__(self, session: Session, jobs: procrastinate.App) -> None:
        self._session = session
        self.accounts = Accounts(session)
        self.adoptions = Adoptions(session)
        self.agencies = Agencies(session)
        self.alarms = Alarms(session)
        self.cases = Cases(session)
        self.checkouts = Checkouts(session)
        self.clips = Clips(session)
        self.companions = CompanionFacts(session)
        self.comparison = Comparison(session)
        self.copies = Copies(session)
        self.coverage = Coverage(session)
        self.coverage_reports = CoverageReports(session)
        self.custody = Custody(session)
        self.docks = Docks(session)
        self.evidence_packages = EvidencePackages(session)
        self.findings = Findings(session)
        self.fixity = Fixity(session)
        self.imports = Imports(session)
        self.inventory = Inventory(session)
        self.jobs = JobQueue(session, jobs)
        self.lock_probes = LockProbes(session)
        self.log = Log(session)
        self.log_audits = LogAudits(session)
        self.officers = Officers(session)
        self.outlook = Outlook(session)
        self.rebuilding = Rebuilding(session)
        self.reconciliation = Reconciliation(session)
        self.recorders = Recorders(session)
        self.roster = RosterFacts(session)
        self.snapshots = Snapshots(session)
        self.statistics = Statistics(session)
        self.supporting_facts = SupportingFacts(session)
        self.webhooks = Webhooks(session)

    def flush(self) -> None:
        """Write what was added so far, so that constraints speak now."""
        self._session.flush()


@contextmanager
def open_unit_of_work(engine: Engine, jobs: procrastinate.App) -> Iterator[UnitOfWork]:
    """Begin a transaction; leaving the block commits it, an exception rolls it back.

    Nothing may be promised to a caller before the block was left.

    Raises:
        ConflictingRowError: A constraint refused, at the latest at the commit.
        StoreUnavailableError: The database cannot be reached; whether a commit under way took place is not known.
    """
    with translated_errors(), Session(engine, expire_on_commit=False) as session, session.begin():
        yield UnitOfWork(session, jobs)
