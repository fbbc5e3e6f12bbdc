"""Every driver, over every way to a recorder, passes the suite that outsiders are given."""

from datetime import UTC, datetime

from device_drivers.kit.conformance import run_conformance
from device_drivers.kit.report import Outcome
from device_drivers.kit.writing import ClockCheck, RemovalCheck


def test_every_driver_passes_the_suite_of_the_kit(recorder):
    clock, removal = ClockCheck(lambda: datetime.now(UTC)), RemovalCheck("tail.bin")

    report = run_conformance(recorder, recorder.identity().family, what="a virtual recorder", before=[clock], after=[removal])

    assert [(each.name, each.reason) for each in report.results if each.outcome is Outcome.FAILED] == []
    assert report.is_conformant
    assert sum(each.outcome is Outcome.PASSED for each in report.results) >= 16
    assert {"sets-its-clock", "removes-exactly-what-is-named"} <= {each.name for each in report.results}
