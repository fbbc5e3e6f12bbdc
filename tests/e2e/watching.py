"""A dock that watches, as it runs at a site."""

import json
import signal
import subprocess
import threading
import time

_WITHIN_S = 120


class WatchingDock:
    """A dock that runs until the test is done with it; keeps what it says."""

    def __init__(self, system, address, **settings) -> None:
        arguments, environment = system.docking("--usbip", address)
        environment |= {"BODYCAM_DOCK_WATCH_INTERVAL_S": "0.2", **settings}
        self.process = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.events, self.results = [], []
        self._threads = [
            threading.Thread(target=self._collect, args=(stream, into), daemon=True)
            for stream, into in ((self.process.stderr, self.events), (self.process.stdout, self.results))
        ]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _collect(stream, into):
        for line in stream:
            into.append(json.loads(line) if line.startswith("{") else {"event": line})

    def wait_for(self, event, count=1):
        """Wait until something was said so many times."""
        deadline = time.monotonic() + _WITHIN_S
        while sum(said.get("event") == event for said in self.events) < count:
            assert time.monotonic() < deadline, self.events[-20:]
            assert self.process.poll() is None, self.events[-20:]
            time.sleep(0.05)
        return [said for said in self.events if said.get("event") == event]

    def summaries(self, count):
        """Wait for the summaries of so many dockings."""
        deadline = time.monotonic() + _WITHIN_S
        while len(found := [line for line in self.results if "exit_code" in line]) < count:
            assert time.monotonic() < deadline, (self.results[-5:], self.events[-20:])
            time.sleep(0.05)
        return found

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        for thread in self._threads:
            thread.join(10)
        self.process.stdout.close()
        self.process.stderr.close()
