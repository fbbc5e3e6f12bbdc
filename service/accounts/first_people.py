"""The first administrator, reviewer and dock of an installation; done again it changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from evidence_store.actor import WORKER, Role
from evidence_store.models import Agency, AgencyPlace, CoverageTarget
from evidence_store.models.agency import AgencyLevel
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from integrity.hashing import sha256
from service.accounts.manage_accounts import NewAccount, addition, give_password, make_account
from service.accounts.passwords import NO_PASSWORD
from service.context import ServiceContext
from service.docks.register_dock import make_dock, no_token, registration
from service.roster.rows import FIRST_DAY
from service.roster.tell_added import agency_members

TOP_CODE = "0"
TOP_NAME = "本机构"
DEMO_TOP_NAME = "示范省交通运输厅(演示数据)"
PLANNED_BY = date(2026, 12, 31)
"""By the end of this day every front-line officer on duty with a certificate is to have a recorder."""
DOCK_NAME = "采集站 1"


@dataclass(frozen=True, slots=True)
class FirstPeople:
    """Name and password of administrator and reviewer, id and token of the dock on this machine."""

    administrator: tuple[str, str]
    reviewer: tuple[str, str]
    dock: tuple[str, str]


def make_first_people(context: ServiceContext, people: FirstPeople) -> None:
    """Make the top agency, the first two accounts and the first dock where they are missing; a rebuilt database gets their credentials back.

    Raises:
        UnacceptableValueError: A password is too short.
    """
    with context.unit_of_work() as work:
        top = _top_agency(context, work)
        for (username, password), role in ((people.administrator, Role.ADMINISTRATOR), (people.reviewer, Role.REVIEWER)):
            account = work.accounts.by_username(username)
            if account is None:
                account = make_account(context, work, NewAccount(username, password, role, top.code), agency_id=top.id)
                _tell(work, "account", account.id, "account.added", addition(account), at=account.created_at)
            elif account.password_hash == NO_PASSWORD:
                give_password(work, account, password, at=context.clock.now())
        dock_id, token = people.dock
        dock = work.docks.get(UUID(dock_id))
        if dock is None:
            dock = make_dock(context, work, DOCK_NAME, agency_id=top.id, token=token, dock_id=UUID(dock_id))
            _tell(work, "dock", dock.id, "dock.registered", registration(dock), at=dock.created_at)
        elif dock.token_sha256 == no_token(dock.id):
            dock.token_sha256 = sha256(token.encode())
            _tell(work, "dock", dock.id, "credential.given", {}, at=context.clock.now())


def _top_agency(context: ServiceContext, work: UnitOfWork) -> Agency:
    top = work.agencies.top()
    if top is None:
        name = DEMO_TOP_NAME if context.settings.is_demo else context.settings.site_name or TOP_NAME
        top = Agency(id=context.new_id(), code=TOP_CODE, name=name, level=AgencyLevel.PROVINCE, path=f"/{TOP_CODE}/")
        work.agencies.add([top])
        work.roster.add([_first_place(context, top), _first_target(context, top)])
        _tell(work, "agency", top.id, "agency.added", agency_members(top), at=context.clock.now())
        after: dict[str, JsonValue] = {"share": "1.000000", "document_number": ""}
        target: dict[str, JsonValue] = {"agency": TOP_CODE, "due_on": PLANNED_BY.isoformat(), "before": None, "after": after}
        _tell(work, "agency", top.id, "coverage.target_set", {"targets": [target]}, at=context.clock.now())
    return top


def _first_place(context: ServiceContext, top: Agency) -> AgencyPlace:
    return AgencyPlace(
        id=context.new_id(),
        agency_id=top.id,
        name=top.name,
        level=top.level,
        valid_from=FIRST_DAY,
        document_number="",
        reason="",
        recorded_at=context.clock.now(),
    )


def _first_target(context: ServiceContext, top: Agency) -> CoverageTarget:
    recorded_at = context.clock.now() - timedelta(microseconds=1)  # a roster of the same instant may supersede it
    return CoverageTarget(id=context.new_id(), agency_id=top.id, due_on=PLANNED_BY, share=Decimal(1), document_number="", recorded_at=recorded_at)


def _tell(work: UnitOfWork, kind: str, subject: UUID, action: str, details: Mapping[str, JsonValue], *, at: datetime) -> None:
    work.custody.append(kind, subject, action, actor=WORKER, at=at, details=details)
