"""`bodycam up`: start everything, say where it is, keep it running, stop it in order."""

import argparse
import json
import signal
import ssl
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from evidence_store.embedded.ports import is_free
from evidence_store.embedded.private_file import write_private
from evidence_store.errors import StoreError
from service.appliance.appliance import start_dock, start_servers, start_service
from service.appliance.children import Children
from service.appliance.configuration import Configuration, configure
from service.appliance.data_directory import DataDirectory
from service.appliance.errors import ApplianceError, StopRequestedError, UnreadableDirectoryError, UnsafeListeningError
from service.appliance.listening import Address, Listening, Tls, decide_listening

_FAILED_STATUS = 1
_USAGE_STATUS = 2
_LARGEST_PORT = 65_535


def main(arguments: Sequence[str]) -> int:
    """Run the whole service in one data directory until it is asked to stop.

    Returns:
        0 after a stop that was asked for, 1 when it could not start, 2 when the options make no sense.
    """
    options = _parser().parse_args(arguments)
    try:
        listening = decide_listening(
            Address(options.listen, options.port), public_url=options.public_url, store_address=options.store_public_address, tls=_tls(options)
        )
    except UnsafeListeningError as error:
        sys.stderr.write(f"bodycam up: {error}\n")
        return _USAGE_STATUS
    try:
        directory = DataDirectory.open(options.data)
        with directory.locked():
            _run(directory, listening, is_demo=options.demo, ready_file=options.ready_file)
    except StopRequestedError:
        return 0
    except (ApplianceError, StoreError, OSError) as error:
        sys.stderr.write(f"bodycam up: {error}\n")
        return _FAILED_STATUS
    return 0


def _run(directory: DataDirectory, listening: Listening, *, is_demo: bool, ready_file: Path | None) -> None:
    children = Children(directory, _report)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup has hangups ignored, and that holds; a script's background job has Ctrl-C ignored, and must still stop when it is told to.
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: children.request_stop())
    _remove(ready_file)
    try:
        configuration = _prepare(children, directory, listening, is_demo=is_demo)
        start_servers(children, configuration, _report)
        log_key = start_service(children, configuration, _report)
        if ready_file is not None:
            _write_ready_file(ready_file, configuration, log_key)
        _welcome(configuration)
        start_dock(children, configuration)
        children.watch_until_stopped()
    finally:
        _remove(ready_file)
        children.stop()
        _report("stopped")


def _prepare(children: Children, directory: DataDirectory, listening: Listening, *, is_demo: bool) -> Configuration:
    children.end_orphans()
    for address in (listening.pages, listening.store_door):
        if address is not None and not is_free(address.port, address.host):
            raise ApplianceError(f"another program listens on {address}, or this machine has no such address; choose another")
    return configure(directory, listening, is_demo=is_demo)


def _write_ready_file(path: Path, configuration: Configuration, log_key: str) -> None:
    content = {"url": configuration.listening.public_url, **asdict(configuration.credentials), "log_key": log_key}
    try:
        write_private(path, json.dumps(content, indent=2) + "\n")
    except OSError as error:
        raise UnreadableDirectoryError(path, f"cannot be written: {error.strerror}") from error


def _welcome(configuration: Configuration) -> None:
    people = configuration.credentials
    _report(f"ready: {configuration.listening.public_url}")
    for person in (people.administrator, people.reviewer):
        _report(f"  sign in as {person.username!r} with {person.password}")
    _report(f"  data in {configuration.directory.root}; Ctrl-C stops everything")


def _remove(ready_file: Path | None) -> None:
    """Take the ready file away whenever nothing is ready."""
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)


def _report(line: str) -> None:
    with suppress(OSError):  # nobody may be reading any more; stopping in good order matters more
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _tls(options: argparse.Namespace) -> Tls | None:
    if options.tls_certificate is None and options.tls_key is None:
        return None
    if options.tls_certificate is None or options.tls_key is None:
        raise UnsafeListeningError("--tls-certificate and --tls-key belong together")
    for file in (options.tls_certificate, options.tls_key, options.tls_authority):
        if file is not None and not file.is_file():
            raise UnsafeListeningError(f"{file} is not a file")
    _check_pair(options.tls_certificate, options.tls_key)
    authority = None if options.tls_authority is None else options.tls_authority.resolve()
    return Tls(options.tls_certificate.resolve(), options.tls_key.resolve(), authority)


def _check_pair(certificate: Path, key: Path) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        raise UnsafeListeningError(f"{certificate} and {key} are no certificate and its unprotected key, both PEM: {error}") from error


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port <= _LARGEST_PORT:
        raise ValueError
    return port


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bodycam up", description="Run the whole service on this machine: database, object store, pages, worker, dock."
    )
    add = parser.add_argument
    add("--data", required=True, type=Path, metavar="DIR", help="where everything is kept; made when missing")
    add("--port", required=True, type=_port, metavar="N", help="port of pages and API")
    add("--listen", default="127.0.0.1", metavar="HOST", help="address to listen on; other than loopback needs TLS (default: %(default)s)")
    add("--public-url", metavar="URL", help="what people and docks call the service")
    add("--tls-certificate", type=Path, metavar="FILE", help="certificate and its chain, PEM")
    add("--tls-key", type=Path, metavar="FILE", help="the certificate's private key, PEM")
    add("--tls-authority", type=Path, metavar="FILE", help="own certificate authority, PEM, for the dock of this machine")
    add(
        "--store-public-address",
        metavar="HOST:PORT",
        help="what docks on other machines call the object store (default: next port of the public URL's host)",
    )
    add("--demo", action="store_true", help="a demonstration with simulated recorders, marked as such on every page")
    add("--ready-file", type=Path, metavar="FILE", help="written when the service is ready: address and credentials as JSON, mode 0600")
    return parser
