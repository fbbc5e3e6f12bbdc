"""The verifier's page in Debian's Firefox, from a file, by Firefox's own remote protocol (Marionette: JSON behind its length)."""

import json
import os
import socket
import subprocess
import time

import pytest

from tests.browser.package_writer import Footage, make_derivative, make_package
from tests.browser.verifying import built_page

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

IMPORTED = {"received_from": "某商户", "document": "调取证据通知书 1 号", "importer": "reviewer"}
RESULT = """
return {
  verdict: document.querySelector(".verdict h2")?.textContent,
  badges: [...document.querySelectorAll(".badge")].map((one) => one.textContent),
  others: [...document.querySelectorAll(".check.is-fail, .check.is-note")].map((one) => one.textContent),
};
"""


class Firefox:
    """One window of a browser of its own."""

    def __init__(self, profile, port: int) -> None:
        (profile / "user.js").write_text(f'user_pref("marionette.port", {port});\nuser_pref("intl.accept_languages", "zh-CN");\n')
        command = ["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", profile]
        environment = {"HOME": str(profile), "PATH": os.defpath, "TZ": "UTC"}
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        self.connection = self._connect(port)
        self.stream = self.connection.makefile("rb")
        self.number = 0
        self._receive()
        self.send("NewSession", capabilities={})

    def send(self, name: str, **arguments):
        self.number += 1
        message = json.dumps([0, self.number, f"WebDriver:{name}", arguments]).encode()
        self.connection.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._receive()
        assert error is None, error
        return result

    def run(self, script: str, *arguments):
        return self.send("ExecuteScript", script=script, args=list(arguments))["value"]

    def choose(self, selector: str, path) -> None:
        (element,) = self.send("FindElement", using="css selector", value=selector)["value"].values()
        self.send("ElementSendKeys", id=element, text=str(path))

    def close(self) -> None:
        self.stream.close()
        self.connection.close()
        self.process.terminate()
        self.process.wait(timeout=30)

    def _connect(self, port: int) -> socket.socket:
        ends = time.monotonic() + 60
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=60)
            except OSError:
                assert time.monotonic() < ends
                assert self.process.poll() is None
                time.sleep(0.2)

    def _receive(self):
        length = b""
        while (byte := self.stream.read(1)) != b":":
            assert byte
            length += byte
        return json.loads(self.stream.read(int(length)))


@pytest.fixture
def firefox(tmp_path, free_port):
    profile = tmp_path / "profile"
    profile.mkdir()
    window = Firefox(profile, free_port)
    yield window
    window.close()


def test_firefox_comes_to_the_same_verdicts(firefox, tmp_path):
    one, other = Footage(1, b"a clip" * 1000), Footage(2, b"another", imported=IMPORTED)
    (package,) = make_package(one, other, derivatives=[make_derivative(one, b"an excerpt")], tokens_at=(5,))
    page = tmp_path / "verify.html"
    page.write_bytes(built_page())

    firefox.send("Navigate", url=page.as_uri())
    firefox.choose("#files", package.save(tmp_path / "package.zip"))
    firefox.run("document.querySelector('#log-key').value = arguments[0]", package.log_key)
    firefox.run("document.querySelector('#roots').value = arguments[0]", package.extra["root_pem"])
    firefox.run("document.querySelector('#start').click()")
    ends = time.monotonic() + 30
    while firefox.run("return document.body.dataset.state") != "done":
        assert time.monotonic() < ends
        time.sleep(0.1)

    assert firefox.run(RESULT) == {"verdict": "全部核验通过", "badges": ["完整", "原件", "导入件", "派生件"], "others": []}
