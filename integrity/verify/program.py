"""The program ``bodycam verify``, and ``verify.py``: the only module of the verifier that opens files. docs/verify.md explains it.

Nothing is unpacked, no link inside a package is followed, nobody is asked.
"""

from __future__ import annotations

import argparse
import io
import locale
import os
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cryptography import x509

from integrity.checkpoint import ALGORITHM_COSIGNATURE_V1, ALGORITHM_ED25519, parse_verifier_key
from integrity.errors import MalformedValueError
from integrity.verify.checking import Check
from integrity.verify.checkpoint_checks import Trust
from integrity.verify.container import Container, FoundFile, ReadInto, folder_container, zip_container
from integrity.verify.errors import RefusedPackageError
from integrity.verify.report import EXIT_USAGE, check_line, choose_language, exit_status, file_lines, say, summary_lines, to_json
from integrity.verify.texts import Language
from integrity.verify.verdicts import FileVerdict, VolumeReport, judge_completeness
from integrity.verify.verification import refused, verify_volume

_PROGRESS_EVERY_S = 0.2
_MAX_GIVEN_BYTES = 1024**2
_MIB = 1024**2
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class _UsageError(Exception):
    """What the reader brought cannot be used."""


def main(arguments: Sequence[str]) -> int:
    """Verify packages.

    Args:
        arguments: The command line without the program's name.

    Returns:
        0 every check holds and everything is here; 1 something is not so; 2 for a wrong command line; 3 a package cannot be read.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a console of another character set must not end the verification
    options = _parser().parse_args(arguments)
    language = Language(options.language) if options.language else choose_language(_locale_name())
    try:
        trust = _read_trust(options)
    except (_UsageError, MalformedValueError, OSError, ValueError) as error:
        sys.stderr.write(f"bodycam verify: {error}\n")
        return EXIT_USAGE
    printer = _Printer(language, is_json=options.json)
    volumes = [_verify(label, trust, printer) for label in options.packages]
    packages = judge_completeness(volumes)
    lines = [to_json(volumes, packages)] if options.json else ["", *summary_lines(volumes, packages, language)]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return exit_status(volumes, packages)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bodycam verify",
        description="Check evidence packages: ZIP files or folders, several volumes at once. Needs the log's key and no network.",
        epilog="Ends with 0: all holds and all is here; 1: something is not so; 2: wrong command line; 3: a package cannot be read.",
    )
    parser.add_argument("packages", nargs="+", metavar="PACKAGE", help="ZIP file or folder")
    parser.add_argument("--log-key", required=True, metavar="KEY", help="verifier key of the log (name+id+key), or @FILE that holds it")
    parser.add_argument("--witness-key", action="append", default=[], metavar="KEY", help="verifier key of a witness, or @FILE; may be repeated")
    parser.add_argument("--tsa-root", action="append", default=[], metavar="FILE", help="root of a time-stamp authority, PEM or DER; may be repeated")
    parser.add_argument("--checkpoint", metavar="FILE", help="a signed checkpoint of the same log that came by another way")
    parser.add_argument("--manifest-key", metavar="KEY", help="verifier key of the manifests, or @FILE")
    parser.add_argument("--sm3", action="store_true", help="compute SM3 of every file too; takes several times as long")
    parser.add_argument("--language", choices=[each.value for each in Language], help="of the report; the system's when not given")
    parser.add_argument("--json", action="store_true", help="write one JSON object in the end instead of lines")
    return parser


def _locale_name() -> str:
    named = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((name for name in named if name), None) or locale.getlocale()[0] or ""


def _read_trust(options: argparse.Namespace) -> Trust:
    return Trust(
        log_key=_read_key(options.log_key, ALGORITHM_ED25519),
        witness_keys=tuple(_read_key(text, ALGORITHM_COSIGNATURE_V1) for text in options.witness_key),
        roots=tuple(root for path in options.tsa_root for root in _read_roots(path)),
        checkpoint=_read_given(options.checkpoint).decode() if options.checkpoint else None,
        manifest_key=_read_key(options.manifest_key, ALGORITHM_ED25519) if options.manifest_key else None,
        with_sm3=options.sm3,
    )


def _read_key(given: str, algorithm: int) -> str:
    text = (_read_given(given[1:]).decode() if given.startswith("@") else given).strip()
    if parse_verifier_key(text).algorithm != algorithm:
        raise _UsageError(f"{text[:200]!r} is a key of another kind")
    return text


def _read_roots(path: str) -> list[x509.Certificate]:
    data = _read_given(path)
    return x509.load_pem_x509_certificates(data) if b"-----BEGIN" in data else [x509.load_der_x509_certificate(data)]


def _read_given(path: str) -> bytes:
    with Path(path).open("rb") as file:
        data = file.read(_MAX_GIVEN_BYTES + 1)
    if len(data) > _MAX_GIVEN_BYTES:
        raise _UsageError(f"{path} is too long")
    return data


def _verify(label: str, trust: Trust, printer: _Printer) -> VolumeReport:
    printer.begin(label)
    try:
        with _open_package(label) as container:
            return verify_volume(container, trust, printer)
    except RefusedPackageError as error:
        return refused(label, error, printer)
    finally:
        printer.end_progress()


@contextmanager
def _open_package(label: str) -> Iterator[Container]:
    try:
        path = Path(label)
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            yield folder_container(label, _walk(path), lambda name: _open_inside(path, name))
        elif stat.S_ISREG(mode):
            with path.open("rb", buffering=0) as file:
                yield zip_container(label, _GuardedFile(file, ""), os.fstat(file.fileno()).st_size)
        else:
            raise RefusedPackageError("not_zip")
    except OSError as error:
        raise RefusedPackageError("unreadable", detail=error.strerror or "") from error


def _walk(root: Path) -> Iterator[FoundFile]:
    waiting = [("", root)]
    while waiting:
        prefix, folder = waiting.pop()
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode) and not _is_reparse_point(status):
                    waiting.append((f"{prefix}{entry.name}/", Path(entry.path)))
                else:
                    yield FoundFile(f"{prefix}{entry.name}", status.st_size, _is_plain(status))


def _is_plain(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and not _is_reparse_point(status)


def _is_reparse_point(status: os.stat_result) -> bool:
    """Whether Windows would lead elsewhere from here: a junction, for instance."""
    return bool(getattr(status, "st_reparse_tag", 0))


@contextmanager
def _open_inside(root: Path, name: str) -> Iterator[ReadInto]:
    """Open a file that was found in a folder, if it and the folders above it still are no links."""
    path = root
    try:
        for part in name.split("/"):
            path /= part
            expected = path.lstat()
            if not (_is_plain(expected) or stat.S_ISDIR(expected.st_mode)) or _is_reparse_point(expected):
                raise RefusedPackageError("not_regular", name)
        with open(os.open(path, _OPEN_FLAGS), "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or (found.st_dev, found.st_ino) != (expected.st_dev, expected.st_ino):
                raise RefusedPackageError("changed", name)
            yield _GuardedFile(file, name)
    except OSError as error:
        raise RefusedPackageError("unreadable", name, detail=error.strerror or "") from error


class _GuardedFile:
    """An open file whose failures are the package's."""

    def __init__(self, file: io.FileIO | BinaryIO, name: str) -> None:
        self._file = file
        self._name = name

    def seek(self, offset: int, /) -> int:
        try:
            return self._file.seek(offset)
        except OSError as error:
            raise RefusedPackageError("unreadable", self._name, detail=error.strerror or "") from error

    def read(self, size: int, /) -> bytes | None:
        try:
            return self._file.read(size)
        except OSError as error:
            raise RefusedPackageError("unreadable", self._name, detail=error.strerror or "") from error

    def readinto(self, buffer: memoryview, /) -> int | None:
        try:
            return self._file.readinto(buffer)  # type: ignore[union-attr] # an unbuffered file has it
        except OSError as error:
            raise RefusedPackageError("unreadable", self._name, detail=error.strerror or "") from error


class _Printer:
    """Prints each check as it is done, and how far the reading of long files has come where somebody watches."""

    def __init__(self, language: Language, *, is_json: bool) -> None:
        self._language = language
        self._is_json = is_json
        self._is_watched = sys.stderr.isatty()
        self._next_at = 0.0
        self._is_line_open = False

    def begin(self, label: str) -> None:
        self._write([say(self._language, "package", {"label": label})])

    def check(self, check: Check) -> None:
        self._write([check_line(check, self._language)])

    def file(self, verdict: FileVerdict) -> None:
        self._write(file_lines(verdict, self._language))

    def progress(self, done_bytes: int, total_bytes: int) -> None:
        if not self._is_watched or (now := time.monotonic()) < self._next_at:
            return
        self._next_at = now + _PROGRESS_EVERY_S
        values = {"done": f"{done_bytes // _MIB} MiB", "total": f"{total_bytes // _MIB} MiB"}
        sys.stderr.write(f"\r{say(self._language, 'progress', values)}   ")
        sys.stderr.flush()
        self._is_line_open = True

    def end_progress(self) -> None:
        if self._is_line_open:
            sys.stderr.write("\r\033[K")
            self._is_line_open = False

    def _write(self, lines: Sequence[str]) -> None:
        self.end_progress()
        if not self._is_json:
            sys.stdout.write("".join(f"{line}\n" for line in lines))
            sys.stdout.flush()
