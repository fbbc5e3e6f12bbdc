"""Rosters pulled from agencies' own information systems, from where each source's cursor stood; a roster that is refused leaves the cursor there."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evidence_store.actor import Actor, ActorKind, Role, Scope
from evidence_store.models import RosterSourceState
from integrity.hashing import sha256_hex
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.elsewhere import RosterElsewhere
from service.jobs import job
from service.language import Language, texts_in
from service.outgoing import OutgoingFailedError, OutgoingRefusedError, OutgoingRequest
from service.roster.apply_import import RosterSource, import_roster
from service.roster.errors import RosterRefusedError
from service.roster.rows import Roster
from service.roster.tell_plan import fault_text

MOST_ANSWER_BYTES = 64 * 1024**2
MOST_ANSWERS = 1_000
"""Of one source at one time; the rest follows the next time."""
_TIMEOUT_S = 60.0
_MOST_TOLD = 20
_LONGEST_FAILURE = 2_000
_HTTP_OK = 200
_LOG = logging.getLogger(__name__)


class PulledRoster(BaseModel):
    """What a source answers.

    Attributes:
        cursor: What to ask on from, once this roster stands.
        more: Whether there is more already.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    roster: Roster
    cursor: Annotated[str, Field(min_length=1, max_length=2_000)]
    more: bool = False


@dataclass(frozen=True, slots=True)
class PullResult:
    """What came of one source.

    Attributes:
        changes: Rosters that changed something.
        failure: Why it stopped before the end, if it did.
    """

    name: str
    changes: int
    failure: str | None


class _PullFailedError(Exception):
    """A source gave nothing that could be taken in."""


@job("roster.pull")
def pull_rosters_daily(context: ServiceContext) -> None:
    """Pull from every source."""
    for result in pull_rosters(context):
        if result.failure is not None:
            _LOG.warning("a roster was not pulled", extra={"source": result.name, "failure": result.failure})


def pull_rosters(context: ServiceContext) -> Iterator[PullResult]:
    """Pull from one source after another; what one does wrong is no other's affair."""
    for source in context.settings.roster_sources:
        yield pull_roster(context, source)


def pull_roster(context: ServiceContext, source: RosterElsewhere) -> PullResult:
    """Take in what a source has to tell since the last time; its cursor moves with every roster that stands."""
    changes, failure = 0, None
    try:
        actor = _actor_of(context, source)
        for _ in range(MOST_ANSWERS):
            told, is_change = _pull_once(context, source, actor)
            changes += is_change
            if not told.more:
                break
    except _PullFailedError as error:
        failure = str(error)[:_LONGEST_FAILURE]
    with context.unit_of_work() as work:
        state = work.roster.source_state(source.name)
        work.roster.keep_source_state(
            RosterSourceState(
                name=source.name,
                cursor=state.cursor if state else "",
                tried_at=context.clock.now(),
                taken_at=state.taken_at if state else None,
                failure=failure,
            )
        )
    return PullResult(source.name, changes, failure)


def list_sources(context: ServiceContext, *, actor: Actor) -> list[tuple[RosterElsewhere, RosterSourceState | None]]:
    """Tell how every source stands; those within the actor's agency alone.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.CHANGE_ROSTER, actor)
    with context.unit_of_work() as work:
        own = {agency.code for agency in work.agencies.within(actor.scope)}
        return [(source, work.roster.source_state(source.name)) for source in context.settings.roster_sources if source.agency in own]


def _pull_once(context: ServiceContext, source: RosterElsewhere, actor: Actor) -> tuple[PulledRoster, bool]:
    with context.unit_of_work() as work:
        state = work.roster.source_state(source.name)
    cursor = state.cursor if state else ""
    told, sha256 = _ask(context, source, cursor)
    if told.more and told.cursor == cursor:
        raise _PullFailedError("it has more to tell under the cursor it was asked with")
    try:
        result = import_roster(context, told.roster, actor=actor, source=RosterSource("pull", source.name, sha256))
    except RosterRefusedError as error:
        english = texts_in(Language.EN)
        sentences = "; ".join(fault_text(fault, english) for fault in error.faults[:_MOST_TOLD])
        raise _PullFailedError(f"refused, {len(error.faults)} faults: {sentences}") from error
    now = context.clock.now()
    with context.unit_of_work() as work:
        work.roster.keep_source_state(RosterSourceState(name=source.name, cursor=told.cursor, tried_at=now, taken_at=now, failure=None))
    return told, result.change_id is not None


def _ask(context: ServiceContext, source: RosterElsewhere, cursor: str) -> tuple[PulledRoster, str]:
    try:
        token = source.token_file.read_text(encoding="utf-8").strip()
        request = OutgoingRequest(
            _with_cursor(source.url, cursor),
            None,
            {"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout_s=_TIMEOUT_S,
            limit_bytes=MOST_ANSWER_BYTES,
            ca_file=source.ca_file,
        )
        answer = context.outgoing.get(request)
        if answer.status != _HTTP_OK:
            raise _PullFailedError(f"it answers {answer.status}")
        return PulledRoster.model_validate_json(answer.body), sha256_hex(answer.body)
    except ValidationError as error:
        places = (
            ".".join(map(str, fault["loc"])) + f": {fault['msg']}" for fault in error.errors(include_input=False, include_url=False)[:_MOST_TOLD]
        )
        raise _PullFailedError(f"it answers no roster; {'; '.join(places)}") from error
    except (OutgoingFailedError, OutgoingRefusedError, OSError, UnicodeDecodeError) as error:
        raise _PullFailedError(str(error)) from error


def _with_cursor(url: str, cursor: str) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode({"since": cursor})) if part)
    return urlunsplit(parts._replace(query=query))


def _actor_of(context: ServiceContext, source: RosterElsewhere) -> Actor:
    """A source changes what is its agency's, and nothing else."""
    with context.unit_of_work() as work:
        agency = work.agencies.by_code(source.agency)
    if agency is None:
        raise _PullFailedError(f"no agency {source.agency}")
    return Actor(ActorKind.WORKER, f"roster:{source.name}", f"roster source {source.name}", Role.ADMINISTRATOR, agency.id, Scope(agency.path))
