"""The verifier's page in a browser without network, opened from a file; what it asks for and complains about is remembered."""

import runpy
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILDER = ROOT / "tools" / "build_verify_page.py"


def built_page() -> bytes:
    """The page from the sources as they are."""
    return runpy.run_path(str(BUILDER))["build_page"]()


class Verifier:
    """One window on the page."""

    def __init__(self, chromium, address: str, **options) -> None:
        self.context = chromium.new_context(
            **{"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "offline": True, "viewport": {"width": 1200, "height": 900}, **options}
        )
        self.context.set_default_timeout(10_000)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text) if message.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._watch(request.url))
        self.address = address
        self.open()

    def open(self) -> None:
        """Begin anew."""
        self.page.goto(self.address)

    def verify(self, *paths: Path, key: str, roots: str = "", witnesses=(), checkpoint: str = "", within_s: float = 20) -> "Verifier":
        """Choose archives and folders, fill in what is trusted, and wait for the outcome."""
        archives = [path for path in paths if path.is_file()]
        if archives:
            self.page.set_input_files("#files", archives)
        for folder in paths:
            if folder.is_dir():
                self.page.set_input_files("#folder", folder)
        self.page.fill("#log-key", key)
        if roots or witnesses or checkpoint:
            self.page.locator(".more").evaluate("one => { one.open = true; }")
            self.page.fill("#roots", roots)
            self.page.fill("#witness-keys", "\n".join(witnesses))
            self.page.fill("#checkpoint", checkpoint)
        self.page.click("#start")
        self.wait_until_done(within_s)
        return self

    def wait_until_done(self, within_s: float = 20) -> None:
        ends = time.monotonic() + within_s
        while self.page.evaluate("document.body.dataset.state") != "done":
            assert time.monotonic() < ends, self.page.inner_text("main")
            self.page.wait_for_timeout(20)

    @property
    def heading(self) -> str:
        return self.page.locator(".verdict h2").inner_text()

    @property
    def verdicts(self) -> list[str]:
        return self.page.locator(".item .badge").all_inner_texts()

    @property
    def completeness(self) -> list[str]:
        return self.page.locator("dd .badge").all_inner_texts()

    @property
    def failures(self) -> str:
        return "\n".join(self.page.locator(".check.is-fail").all_text_contents())

    @property
    def remarks(self) -> str:
        return "\n".join(self.page.locator(".check.is-note").all_text_contents())

    @property
    def passes(self) -> str:
        return "\n".join(self.page.locator(".check.is-pass").all_text_contents())

    def close(self) -> None:
        self.context.close()

    def _watch(self, url: str) -> None:
        if not url.startswith("file:"):
            self.complaints.append(f"asked for {url[:100]}")
