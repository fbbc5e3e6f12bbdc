"""Every page."""

from fastapi import APIRouter

from api.web import preferences
from api.web.accounts import pages as accounts
from api.web.cases import pages as cases
from api.web.clips import decisions
from api.web.clips import pages as clips
from api.web.coverage import alarms, changes, snapshots, targets
from api.web.coverage import files as coverage_files
from api.web.coverage import pages as coverage
from api.web.coverage import reports as coverage_reports
from api.web.coverage import sample as coverage_sample
from api.web.coverage import statistics as coverage_statistics
from api.web.custody import pages as custody
from api.web.docks import adoptions, recorder_clock
from api.web.docks import pages as docks
from api.web.evidence_packages import pages as evidence_packages
from api.web.health import pages as health
from api.web.imports import pages as imports
from api.web.roster import checkouts
from api.web.roster import pages as roster
from api.web.verify_page import pages as verify_page

router = APIRouter(include_in_schema=False)
_ROOMS = (
    preferences,
    accounts,
    cases,
    clips,
    decisions,
    coverage,
    changes,
    snapshots,
    targets,
    alarms,
    coverage_files,
    coverage_reports,
    coverage_sample,
    coverage_statistics,
    custody,
    docks,
    adoptions,
    recorder_clock,
    health,
    imports,
    checkouts,
    roster,
    evidence_packages,
    verify_page,
)
for room in _ROOMS:
    router.include_router(room.router)
