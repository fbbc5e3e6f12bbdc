"""`bodycam package`: fetch a package that was handed over, as ZIP files or folders, in volumes for discs and memory sticks."""

import getpass
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from service.cli.opening import run
from service.cli.package_client import ATTEMPTS, FetchError, PackageClient, Volume, fetch_folder, fetch_zip
from service.evidence_packages.layout import LONGEST_FAT32_FILE

_GIB = 1024**3
PAUSE_S = 3.0
_EVERY_S = 1.0


def main(arguments: Sequence[str]) -> int:
    """Fetch a package."""
    return run(fetch_package, list(arguments))


def fetch_package(  # noqa: PLR0913 - each is an option of the command line
    package: Annotated[UUID, typer.Argument(help="Id of the package, as the list of packages shows it.")],
    service: Annotated[str, typer.Option(help="Address of the service.")],
    user: Annotated[str, typer.Option(help="Name to sign in with.")],
    out: Annotated[Path, typer.Option(help="Folder to write to; what is there already is kept, and goes on where it stopped.")],
    *,
    volume_gib: Annotated[float | None, typer.Option(help="Cut into volumes of at most so many GiB: 4.3 for a DVD.", min=0.01)] = None,
    folder: Annotated[bool, typer.Option("--folder", help="Write folders of files instead of ZIP files.")] = False,
    fat32: Annotated[bool, typer.Option("--fat32", help="For FAT32: folders, in which no file is longer than 4 GiB - 1.")] = False,
    ca: Annotated[Path | None, typer.Option(help="Certificate authority of the service, PEM.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="File with the password; asked for otherwise.")] = None,
) -> None:
    """Fetch a package that was handed over."""
    password = password_file.read_text(encoding="utf-8").strip() if password_file else getpass.getpass(f"password of {user}: ", stream=sys.stderr)
    cut = {} if volume_gib is None else {"volume_bytes": int(volume_gib * _GIB)}
    if fat32:
        cut["piece_bytes"] = LONGEST_FAT32_FILE
    out.mkdir(parents=True, exist_ok=True)
    client = PackageClient(service, ca_file=ca)
    try:
        client.sign_in(user, password)
        fetch = fetch_folder if folder or fat32 else fetch_zip
        for volume in client.volumes(str(package), cut):
            path = _persist(partial(fetch, client, str(package), cut, volume, folder=out, tell=_Progress()), volume)
            sys.stdout.write(f"{path}\n")
            sys.stdout.flush()
    finally:
        client.close()


def _persist(fetch: partial[Path], volume: Volume) -> Path:
    """Try again a few times; each attempt goes on where the one before stopped."""
    for _ in range(ATTEMPTS - 1):
        try:
            return fetch()
        except FetchError as error:
            sys.stderr.write(f"volume {volume.number}: {error}; again in {PAUSE_S:.0f} s\n")
            time.sleep(PAUSE_S)
    return fetch()


class _Progress:
    """Says how far it is, once a second at most, where a person can see it."""

    def __init__(self) -> None:
        self._told_at = 0.0

    def __call__(self, name: str, there: int, total: int) -> None:
        now = time.monotonic()
        if sys.stderr.isatty() and (now - self._told_at >= _EVERY_S or there == total):
            self._told_at = now
            sys.stderr.write(f"\r{name}  {100 * there // max(total, 1)} %  {there / _GIB:.2f} of {total / _GIB:.2f} GiB ")
            sys.stderr.write("\n" if there == total else "")
            sys.stderr.flush()
