"""Debian's Chromium on a real server on loopback; whatever a page complains about fails the test."""

import socket
import threading
import time
from fractions import Fraction

import av
import numpy as np
import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from api.app import create_app
from evidence_store.actor import Role
from evidence_store.object_store.memory import MemoryObjectStore
from service.cases.link_clips import link_clip
from service.cases.open_case import open_case
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from service.safekeeping.probe_lock import probe_lock
from tests.builders import make_file
from tests.service_fixtures import PASSWORD, running_service

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ROSTER = {
    "agencies": [{"code": "01", "name": "示范市", "level": "city"}, {"code": "02", "name": "样例市", "level": "city"}],
    "officers": [
        {
            "code": f"{number:06}",
            "name": f"示范人员 {number:04}",
            "posts": [{"agency": "01", "valid_from": "2024-01-01"}],
            "certificates": [{"number": f"C{number}", "valid_from": "2024-01-01", "valid_until": "2027-12-31"}],
        }
        for number in (1, 2)
    ],
    "recorders": [
        {
            "serial": "ZF00009",
            "agency": "01",
            "changes": [{"state": "in_service", "since": "2024-03-01"}],
            "assignments": [{"officer": "000001", "valid_from": "2024-03-01"}],
        }
    ],
}


@pytest.fixture(scope="session")
def h264_clip(tmp_path_factory):
    """Two seconds of H.264 in MP4."""
    path = tmp_path_factory.mktemp("footage") / "clip.mp4"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for number in range(30):
            picture = np.full((96, 128, 3), number * 8, dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 15)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path.read_bytes()


@pytest.fixture(scope="module")
def chromium():
    """A browser; Playwright's event loop runs in this thread meanwhile, so that it must end before other tests begin theirs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


class Site:
    """A served service with one clip to watch and one that cannot be."""

    def __init__(self, service, url, h264_clip) -> None:
        self.service = service
        self.url = url
        self.clip_id = service.dock_one(make_file("DCIM/SITE_0001.MP4", h264_clip), h264_clip)
        broken = b"\0\0\0\x18ftypmp42" + bytes(4000)
        self.broken_id = service.dock_one(make_file("DCIM/BROKEN.MP4", broken), broken)
        reviewer, administrator = service.people[Role.REVIEWER], service.people[Role.ADMINISTRATOR]
        import_roster(service.context, Roster.model_validate(ROSTER), actor=administrator)
        self.case_id = open_case(service.context, number="示范 1", title="示范案件", actor=reviewer)
        link_clip(service.context, self.case_id, self.broken_id, purpose="示范", actor=reviewer)
        probe_lock(service.context)


@pytest.fixture(scope="module")
def site(tmp_path_factory, module_database, h264_clip):
    """The pages, served by uvicorn, with objects in memory."""
    with running_service(tmp_path_factory.mktemp("site"), module_database, MemoryObjectStore()) as service:
        listener = socket.create_server(("127.0.0.1", 0))
        app = create_app(service.context)
        server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning", ws="none", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.02)
            yield Site(service, f"http://127.0.0.1:{listener.getsockname()[1]}", h264_clip)
        finally:
            server.should_exit = True
            thread.join()
            listener.close()


class Window:
    """One visitor's browser window; remembers complaints and requests that leave the site."""

    def __init__(self, page, site) -> None:
        self.page = page
        self.site = site
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._watch)

    def open(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def sign_in(self, role: Role = Role.REVIEWER, path: str = "/board") -> None:
        self.open(path)
        self.page.fill("#username", str(role))
        self.page.fill("#password", PASSWORD)
        self.page.click("form[action='/sign-in'] button")
        self.page.wait_for_url(f"**{path}")

    def enter(self, role: Role = Role.REVIEWER) -> None:
        """Be signed in without the form."""
        self.page.context.add_cookies([{"name": "bodycam", "value": self.site.service.token(role), "url": self.site.url}])

    def wait_until(self, expression: str) -> None:
        """Wait until it is true; Playwright's own way evaluates strings in the page, which the page's policy forbids."""
        ends = time.monotonic() + 10
        while not self.page.evaluate(expression):
            assert time.monotonic() < ends, expression
            self.page.wait_for_timeout(50)

    def _hear(self, message) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _watch(self, request) -> None:
        if not request.url.startswith((self.site.url, "data:", "blob:")):
            self.complaints.append(f"asked for {request.url}")


@pytest.fixture
def open_window(chromium, site):
    """Make a window; every one is closed at the end and must not have complained."""
    windows = []

    def make(**options) -> Window:
        context = chromium.new_context(**{"locale": "zh-CN", "viewport": {"width": 1200, "height": 800}, **options})
        context.set_default_timeout(10_000)
        windows.append(Window(context.new_page(), site))
        return windows[-1]

    yield make
    for window in windows:
        window.page.context.close()
    assert [complaint for window in windows for complaint in window.complaints] == []


@pytest.fixture
def window(open_window):
    return open_window()
