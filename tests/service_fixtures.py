"""A whole service on the shared servers: real PostgreSQL, and either real SeaweedFS or objects in memory."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from unittest.mock import patch
from uuid import UUID, uuid4

import urllib3
from argon2 import PasswordHasher

from evidence_store.actor import Actor, Role
from evidence_store.object_store.memory import MemoryObjectStore
from integrity.listing import RecorderIdentity
from service.accounts import passwords
from service.accounts.first_people import TOP_CODE, FirstPeople, make_first_people
from service.accounts.sessions import who_holds
from service.accounts.sign_in import sign_in
from service.bootstrap import build_context
from service.context import ServiceContext
from service.custody.seal_clips import seal_clips
from service.custody.timestamp_checkpoint import timestamp_checkpoint
from service.docks.credentials import which_dock
from service.docks.register_dock import register_dock
from service.ingest.announce_files import announce_files
from service.ingest.complete_upload import complete_upload
from service.ingest.end_session import end_session
from service.ingest.grant_upload import grant_upload
from service.ingest.open_session import PluggingIn, open_session
from service.ingest.read_back_clip import read_back_clip
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.builders import IDENTITY, NOW, make_listing, make_receipt, make_settings

PASSWORD = "correct horse battery"
DOCK_ID = "11111111-1111-4111-8111-111111111111"
DOCK_TOKEN = "dock-token-for-tests"


@dataclass
class StoppedClock:
    """Tells the same time until a test moves it."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time

    def advance(self, **amount) -> None:
        self.time += timedelta(**amount)

    def wait(self, seconds: float) -> None:
        self.advance(seconds=seconds)


@dataclass
class Service:
    """A service and the ways a test drives it; jobs are run by name, in the test's own order."""

    context: ServiceContext
    clock: StoppedClock
    dock: Actor
    people: dict[Role, Actor] = field(default_factory=dict)
    _tokens: dict[Role, str] = field(default_factory=dict)

    def open(self, identity: RecorderIdentity = IDENTITY, session_id: UUID | None = None) -> UUID:
        session_id = session_id or uuid4()
        open_session(self.context, session_id, PluggingIn("slot 1", "test", 1, identity, None), dock=self.dock)
        return session_id

    @property
    def dock_id(self) -> UUID:
        return UUID(self.dock.id)

    @property
    def administrator(self) -> Actor:
        return self.people[Role.ADMINISTRATOR]

    def register(self, serial: str) -> None:
        """Register a recorder in service at the top agency."""
        facts = {"serial": serial, "agency": TOP_CODE, "changes": [{"state": "in_service", "since": "2024-01-01"}]}
        import_roster(self.context, Roster.model_validate({"recorders": [facts]}), actor=self.administrator)

    def another_dock(self) -> Actor:
        credential = register_dock(self.context, "another", agency_code=TOP_CODE, actor=self.administrator)
        return which_dock(self.context, credential.token)

    def session(self, session_id: UUID):
        with self.context.unit_of_work() as work:
            return work.docks.get_session(session_id)

    def announce(self, session_id: UUID, *files, identity: RecorderIdentity = IDENTITY, failure: str | None = None):
        return announce_files(self.context, session_id, make_listing(*files, identity=identity, failure=failure), dock=self.dock)

    def upload(self, session_id: UUID, clip_id: UUID, *parts: bytes):
        grant = grant_upload(self.context, session_id, clip_id, dock=self.dock)
        for number, part in enumerate(parts, start=1):
            self.put_part(clip_id, grant, number, part)
        return complete_upload(self.context, session_id, clip_id, upload_id=grant.upload_id, receipt=make_receipt(*parts), dock=self.dock)

    def put_part(self, clip_id: UUID, grant, number: int, part: bytes) -> None:
        if isinstance(self.context.objects, MemoryObjectStore):
            self.context.objects.put_part(f"clips/{clip_id}/original", grant.upload_id, number=number, data=part)
        else:
            with urllib3.PoolManager() as pool:
                answer = pool.request("PUT", grant.urls[number], body=part)
                assert answer.status == 200, answer.data

    def seal(self, *clip_ids: UUID) -> None:
        for clip_id in clip_ids:
            read_back_clip(self.context, clip_id=str(clip_id))
        self.clock.advance(seconds=2)
        seal_clips(self.context)
        timestamp_checkpoint(self.context)

    def dock_one(self, file, *parts: bytes, identity: RecorderIdentity = IDENTITY) -> UUID:
        """Dock a recorder with one file, to the end."""
        session_id = self.open(identity)
        (announced,) = self.announce(session_id, file, identity=identity)
        self.upload(session_id, announced.clip_id, *parts)
        end_session(self.context, session_id, "finished", dock=self.dock)
        self.seal(announced.clip_id)
        return announced.clip_id

    def clip(self, clip_id: UUID):
        with self.context.unit_of_work() as work:
            return work.clips.get(clip_id)

    def chain(self, clip_id: UUID) -> list[str]:
        with self.context.unit_of_work() as work:
            return [event.action for event, _ in work.custody.chain("clip", clip_id)]

    def token(self, role: Role) -> str:
        """A token of this role's person; signed in once, because checking a password is slow on purpose."""
        if role not in self._tokens:
            self._tokens[role] = sign_in(self.context, str(role), PASSWORD).token
        return self._tokens[role]

    def forget_tokens(self) -> None:
        """Sign everybody in anew; the clock was moved further than a sign-in lasts."""
        self._tokens.clear()


@contextmanager
def running_service(tmp_path, database, objects=None, *, second_objects=None, started_at=NOW, **settings):
    """Build a service with one administrator, one reviewer and one dock at the top agency; passwords are hashed cheaply."""
    clock = StoppedClock(started_at)
    context = build_context(
        make_settings(tmp_path, database.application_url, **settings), clock=clock, objects=objects, second_objects=second_objects
    )
    with patch.object(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)):
        context.objects.prepare()
        names = (str(Role.ADMINISTRATOR), PASSWORD), (str(Role.REVIEWER), PASSWORD)
        make_first_people(context, FirstPeople(*names, (DOCK_ID, DOCK_TOKEN)))
        service = Service(context, clock, which_dock(context, DOCK_TOKEN))
        for role in (Role.ADMINISTRATOR, Role.REVIEWER):
            service.people[role] = who_holds(context, service.token(role))
        try:
            yield service
        finally:
            context.dispose()
