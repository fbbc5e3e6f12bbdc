"""Every route of version 1."""

from fastapi import APIRouter

from api.v1.accounts import routes as accounts
from api.v1.cases import routes as cases
from api.v1.clips import decisions, recording
from api.v1.clips import routes as clips
from api.v1.coverage import files as coverage_files
from api.v1.coverage import frozen as coverage_frozen
from api.v1.coverage import outlook as coverage_outlook
from api.v1.coverage import reports as coverage_reports
from api.v1.coverage import routes as coverage
from api.v1.coverage import sample as coverage_sample
from api.v1.coverage import statistics as coverage_statistics
from api.v1.custody import routes as custody
from api.v1.docks import adoptions
from api.v1.docks import routes as docks
from api.v1.evidence_packages import routes as evidence_packages
from api.v1.imports import routes as imports
from api.v1.ingest import routes as ingest
from api.v1.roster import recorders
from api.v1.roster import routes as roster
from api.v1.safekeeping import routes as safekeeping

router = APIRouter(prefix="/api/v1")
for feature in (accounts, cases, clips, coverage, custody, docks, evidence_packages, imports, ingest, roster, safekeeping):
    router.include_router(feature.router)
router.include_router(ingest.clock_router)
for further in (
    *(adoptions, decisions, recorders, recording),
    *(coverage_frozen, coverage_outlook, coverage_files, coverage_reports, coverage_sample, coverage_statistics),
):
    router.include_router(further.router)
