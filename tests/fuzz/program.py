"""Fuzz one target under atheris: ``python -m tests.fuzz.program NAME [libFuzzer options] CORPUS``."""

import sys

import atheris

with atheris.instrument_imports(include=["device_drivers", "integrity", "service", "api", "evidence_store"]):
    from tests.fuzz.registry import LONG_TARGETS


def main() -> None:
    """Fuzz until libFuzzer ends the process."""
    program, name, *options = sys.argv
    atheris.Setup([program, *options], LONG_TARGETS[name].attempt)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
