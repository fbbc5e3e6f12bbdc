"""Open a case, and find cases."""

from dataclasses import dataclass
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.errors import ConflictingRowError
from evidence_store.models import Agency, Case, CaseClip, ClipFilter, ClipRow
from service.access.permission import require
from service.access.policy import Action
from service.cases.errors import CaseNotFoundError, CaseNumberTakenError
from service.context import ServiceContext
from service.errors import UnacceptableValueError, UnknownAgencyError

LONGEST_NUMBER = 64
LONGEST_TITLE = 200
MOST_CLIPS = 500


@dataclass(frozen=True, slots=True)
class CaseDetails:
    """A case with its agency and the clips linked to it now, as far as the actor may see them."""

    case: Case
    agency: Agency
    clips: list[tuple[ClipRow, CaseClip]]


def open_case(context: ServiceContext, *, number: str, title: str, actor: Actor, agency_code: str | None = None) -> UUID:
    """Open a case in the actor's agency, or in one below it.

    Raises:
        NotPermittedError: This role may not.
        UnacceptableValueError: Number or title is empty or too long.
        UnknownAgencyError: No such agency below the actor's.
        CaseNumberTakenError: The agency has a case of that number.
    """
    require(Action.OPEN_CASE, actor)
    number, title = number.strip(), title.strip()
    for field, value, longest in (("number", number, LONGEST_NUMBER), ("title", title, LONGEST_TITLE)):
        if not 0 < len(value) <= longest:
            raise UnacceptableValueError(field, f"1 to {longest} characters")
    now = context.clock.now()
    try:
        with context.unit_of_work() as work:
            agency = work.agencies.by_code(agency_code) if agency_code else work.agencies.get(actor.agency_id) if actor.agency_id else None
            if agency is None or not agency.path.startswith(actor.scope.agency_path):
                raise UnknownAgencyError(agency_code or "")
            case = Case(id=context.new_id(), agency_id=agency.id, number=number, title=title, opened_at=now, opened_by=UUID(actor.id))
            work.cases.add(case)
            details = {"number": number, "title": title, "agency": agency.code, "agency_id": str(agency.id)}
            work.custody.append("case", case.id, "case.opened", actor=actor, at=now, details=details)
            return case.id
    except ConflictingRowError as error:
        raise CaseNumberTakenError(number) from error


def search_cases(context: ServiceContext, *, actor: Actor, text: str | None = None, limit: int = 100) -> list[tuple[Case, Agency, int]]:
    """List the cases that the actor may see, newest first, with the number of clips linked to each.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.FIND_CASES, actor)
    with context.unit_of_work() as work:
        return work.cases.search(actor, text=text, limit=max(1, min(limit, MOST_CLIPS)))


def read_case(context: ServiceContext, case_id: UUID, *, actor: Actor) -> CaseDetails:
    """Read a case with its clips.

    Raises:
        NotPermittedError: This role may not.
        CaseNotFoundError: No such case, or none the actor may see.
    """
    require(Action.FIND_CASES, actor)
    with context.unit_of_work() as work:
        found = work.cases.find(case_id, actor)
        if found is None:
            raise CaseNotFoundError(case_id)
        links = work.cases.links_in(case_id)
        rows = work.clips.search(ClipFilter(case_id=case_id), actor, limit=MOST_CLIPS)
    return CaseDetails(found[0], found[1], [(row, links[row.clip.id]) for row in rows if row.clip.id in links])
