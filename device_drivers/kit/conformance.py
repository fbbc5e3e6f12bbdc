"""The suite that every family must pass, on a real recorder or a virtual one. It only reads; what writes is in ``writing``.

Each check is a function that returns when the promise of ``device_drivers.recorder`` is kept, and raises otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from device_drivers.errors import RecorderError
from device_drivers.kit import listing_checks, reading_checks
from device_drivers.kit.judging import BrokenPromiseError, NotApplicableError, Subject, require
from device_drivers.kit.report import CheckResult, ConformanceReport, Outcome
from device_drivers.recorder import Recorder
from integrity.listing import ClockReading, RecorderIdentity, is_identity

Check = Callable[[Subject], None]
_MOST_PERCENT = 100


def has_the_shape(subject: Subject) -> None:
    """It is a Recorder, every call and property."""
    require(isinstance(subject.recorder, Recorder), "calls or properties of device_drivers.recorder.Recorder are missing")


def says_who_it_is(subject: Subject) -> None:
    """Its identity names the family that read it, and tells it from other recorders."""
    identity = subject.recorder.identity()
    require(isinstance(identity, RecorderIdentity), f"identity() gave {type(identity).__name__}")
    require(identity.family == subject.family, f"it says family {identity.family!r}, and {subject.family!r} opened it")
    if not is_identity(identity.serial) and not identity.volume_id:
        raise NotApplicableError("this very recorder has neither a serial number nor a volume number; a person has to adopt it")


def says_the_same_again(subject: Subject) -> None:
    """Its identity is the same before and after files were listed and read."""
    before = subject.recorder.identity()
    for file in subject.listing()[:1]:
        subject.read(file, length=1)
    require(subject.recorder.identity() == before, "its identity changed")


def tells_plausible_status(subject: Subject) -> None:
    """Its status is plausible or unknown, and battery is told where the driver says so."""
    subject.listing()
    status, able = subject.recorder.read_status(), subject.recorder.capabilities
    percent, capacity, free = status.battery_percent, status.capacity_bytes, status.free_bytes
    require(percent is None or 0 <= percent <= _MOST_PERCENT, f"battery of {percent} %")
    require(capacity is None or free is None or 0 <= free <= capacity, f"{free} bytes free of {capacity}")
    require((percent is not None) == able.can_read_battery, "can_read_battery says otherwise than read_status()")


def reads_its_clock(subject: Subject) -> None:
    """Its clock is read where the driver says so, and nowhere else."""
    clock, able = subject.recorder.read_clock(), subject.recorder.capabilities
    require((clock is not None) == able.can_read_clock, "can_read_clock says otherwise than read_clock()")
    if clock is None:
        raise NotApplicableError("its clock cannot be read")
    require(isinstance(clock, ClockReading), f"read_clock() gave {type(clock).__name__}")
    require(clock.uncertainty_s >= 0, f"uncertainty of {clock.uncertainty_s} s")


def closes_twice(subject: Subject) -> None:
    """Closing it again does nothing."""
    subject.recorder.close()
    subject.recorder.close()


READING_CHECKS: tuple[Check, ...] = (
    has_the_shape,
    says_who_it_is,
    says_the_same_again,
    *listing_checks.CHECKS,
    tells_plausible_status,
    reads_its_clock,
    *reading_checks.CHECKS,
)
"""Every check that only reads; closing comes last of all."""


def run_conformance(recorder: Recorder, family: str, *, what: str, before: Iterable[Check] = (), after: Iterable[Check] = ()) -> ConformanceReport:
    """Try every promise on an open recorder, which is closed afterwards.

    Args:
        recorder: The recorder, just opened.
        family: Name of the family that opened it.
        what: What it is called in the report.
        before: Checks that change it and come first: some recorders take the time only before they are listed.
        after: Checks that change it and come when everything else was tried.

    Returns:
        The report; whatever the driver raises is in it.
    """
    subject = Subject(recorder, family)
    return ConformanceReport(what, tuple(run_check(check, subject) for check in (*before, *READING_CHECKS, *after, closes_twice)))


def run_check(check: Check, subject: Subject) -> CheckResult:
    """Carry out one check; a driver that lets an exception out that is none of ours has broken a promise too."""
    name = check.__name__.replace("_", "-")
    promise = (check.__doc__ or name).strip().splitlines()[0]
    try:
        check(subject)
    except NotApplicableError as error:
        return CheckResult(name, promise, Outcome.NOT_APPLICABLE, str(error))
    except (BrokenPromiseError, RecorderError) as error:
        return CheckResult(name, promise, Outcome.FAILED, str(error))
    except Exception as error:  # noqa: BLE001 - the outermost loop around a driver that anybody wrote
        return CheckResult(name, promise, Outcome.FAILED, f"{type(error).__name__} is no error of device_drivers.errors: {error}")
    return CheckResult(name, promise, Outcome.PASSED)
