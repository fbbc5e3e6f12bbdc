"""Log files of children, kept within bounds while they are being written."""

import shutil
from pathlib import Path

MAX_BYTES = 16 * 1024**2
"""A log file is moved aside beyond this; one older file is kept, so that each child takes twice this much at most."""
_TAIL_BYTES = 4096
_TAIL_LINES = 5


def bound_log(log_file: Path) -> None:
    """Copy a log file that grew too long to ``NAME.log.1`` and empty it.

    Children append to the open file and never notice; lines written between the two steps are lost. These logs are for operators; the
    chain of custody lies elsewhere.
    """
    if log_file.exists() and log_file.stat().st_size > MAX_BYTES:
        shutil.copyfile(log_file, log_file.with_name(f"{log_file.name}.1"))
        with log_file.open("r+b") as stream:
            stream.truncate(0)


def last_lines(log_file: Path) -> str:
    """Give the last few lines, for a message about a program that failed."""
    with log_file.open("rb") as stream:
        stream.seek(max(0, log_file.stat().st_size - _TAIL_BYTES))
        lines = stream.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-_TAIL_LINES:])
