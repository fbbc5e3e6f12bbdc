"""The account PostgreSQL runs under when the service itself runs as root, which PostgreSQL refuses to be.

No directory is opened to others for it: where the way to the data or to the programs is closed to that account, its processes get the
capability to pass through (capabilities(7), CAP_DAC_READ_SEARCH) and nothing else of root's.
"""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path

from evidence_store.embedded.errors import EmbeddedServerError

ACCOUNT_NAME = "bodycam-postgres"
_SERVER = "PostgreSQL"
_CAPABILITIES = (("dac_read_search", 2), ("dac_override", 1))
"""Least power first; the number is the bit in /proc/self/status (linux/capability.h). Containers often lack the first."""
_OPEN = stat.S_IROTH | stat.S_IXOTH


def claim_directory(directory: Path) -> pwd.struct_passwd | None:
    """Choose who runs the server whose files lie here, and give that account the directory.

    Returns:
        The account to change to, or ``None`` when this process is not root and needs no change.

    Raises:
        EmbeddedServerError: No account can be made.
    """
    if os.geteuid() != 0:
        return None
    account = _owner(directory) or _own_account()
    os.chown(directory, account.pw_uid, account.pw_gid)
    return account


def change_account_prefix(account: pwd.struct_passwd | None, needs: Iterable[Path]) -> tuple[str, ...]:
    """Build the beginning of a command line that runs the rest under an account.

    Args:
        account: From :func:`claim_directory`; ``None`` gives an empty prefix.
        needs: Files and directories the account must be able to reach.

    Raises:
        EmbeddedServerError: ``setpriv`` is missing, or a closed directory cannot be passed.
    """
    if account is None:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedServerError(_SERVER, "running as root needs the program setpriv (Debian package util-linux)")
    prefix = (setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    if all(_is_reachable(path, account) for path in needs):
        return prefix
    capability = _passing_capability()
    return (*prefix, f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}")


def _owner(directory: Path) -> pwd.struct_passwd | None:
    owner = directory.stat().st_uid
    if owner == 0:
        return None
    try:
        return pwd.getpwuid(owner)
    except KeyError as error:
        raise EmbeddedServerError(_SERVER, f"{directory} belongs to user id {owner}, which has no account on this machine") from error


def _own_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        made = subprocess.run(
            ("useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", ACCOUNT_NAME),
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        return pwd.getpwnam(ACCOUNT_NAME)
    except KeyError as error:
        raise EmbeddedServerError(_SERVER, f"cannot make the account {ACCOUNT_NAME}: {made.stderr.strip()}; run as another user than root") from error


def _is_reachable(path: Path, account: pwd.struct_passwd) -> bool:
    for place in (path, *path.parents):
        status = place.stat()
        if status.st_uid == account.pw_uid:
            continue
        if status.st_mode & _OPEN != _OPEN:
            return False
    return True


def _passing_capability() -> str:
    bounds = next(line for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if line.startswith("CapBnd:"))
    mask = int(bounds.split()[1], 16)
    for name, bit in _CAPABILITIES:
        if mask >> bit & 1:
            return name
    raise EmbeddedServerError(_SERVER, "the way to its files is closed to other users; choose a directory outside root's home")
