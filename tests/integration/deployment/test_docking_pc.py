"""What makes a machine a docking PC: the installer, the units, the rules. Nothing of this machine is changed."""

import os
import re
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest

from device_drivers.dock.settings import DockSettings

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
INSTALLER = DEPLOY / "install-docking-pc.sh"
UNITS = ("bodycam-dock.service", "bodycam-remove.socket", "bodycam-remove@.service")
SERVICES = (UNITS[0], UNITS[2])
MOST_EXPOSURE = 2.5
"""Of ten, as ``systemd-analyze security`` counts."""


def install(*arguments, destination=None):
    environment = {"PATH": os.environ["PATH"], **({} if destination is None else {"DESTDIR": str(destination)})}
    return subprocess.run([INSTALLER, *arguments], capture_output=True, text=True, check=False, env=environment)


def tree(folder):
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def values(unit, key):
    return re.findall(rf"^{key}=(.*)$", (DEPLOY / unit).read_text(), re.MULTILINE)


def test_a_dry_run_prints_every_step_and_does_none(tmp_path):
    done = install("--dry-run", destination=tmp_path)

    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []
    for unit in UNITS:
        assert f"/etc/systemd/system/{unit}\n" in done.stdout
    assert "left to the machine: useradd --system" in done.stdout or "bodycam" in Path("/etc/passwd").read_text()
    assert "--require-hashes -r" in done.stdout


def test_files_are_installed_below_a_folder(tmp_path):
    done = install(destination=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    for unit in UNITS:
        assert (tmp_path / "etc/systemd/system" / unit).read_bytes() == (DEPLOY / unit).read_bytes()
    rules = "70-bodycam-recorders.rules"
    assert (tmp_path / "etc/udev/rules.d" / rules).read_bytes() == (DEPLOY / rules).read_bytes()
    assert "systemctl start bodycam-dock" in done.stdout


def test_secrets_are_for_root_alone_and_a_key_is_drawn(tmp_path):
    install(destination=tmp_path / "one")
    install(destination=tmp_path / "two")

    keys = [(tmp_path / each / "etc/bodycam/spool-key") for each in ("one", "two")]
    assert [key.stat().st_size for key in keys] == [32, 32]
    assert keys[0].read_bytes() != keys[1].read_bytes()
    for name in ("spool-key", "dock-token"):
        assert stat.S_IMODE((tmp_path / "one/etc/bodycam" / name).stat().st_mode) == 0o600


def test_installing_again_changes_nothing_and_keeps_settings(tmp_path):
    install(destination=tmp_path)
    (tmp_path / "etc/bodycam/dock.env").write_text("BODYCAM_DOCK_SERVICE_URL=https://elsewhere.example\n")
    (tmp_path / "etc/bodycam/dock-token").write_text("credential")
    before = tree(tmp_path)

    done = install(destination=tmp_path)

    assert tree(tmp_path) == before
    assert "left to the machine: systemctl restart bodycam-dock.service" in done.stdout


def test_a_changed_unit_is_brought_up_to_date(tmp_path):
    install(destination=tmp_path)
    unit = tmp_path / "etc/systemd/system" / UNITS[0]
    unit.write_text("old")

    install(destination=tmp_path)

    assert unit.read_bytes() == (DEPLOY / UNITS[0]).read_bytes()


@pytest.mark.parametrize(("argument", "code"), [("--help", 0), ("--wrong", 2)])
def test_usage_is_told(argument, code):
    done = install(argument)

    assert done.returncode == code
    assert "usage: install-docking-pc.sh" in done.stdout + done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give it up")
def test_without_root_nothing_is_begun():
    done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", "bash", INSTALLER], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "needs root" in done.stderr
    assert done.stdout == ""


def test_shellcheck_has_nothing_to_say_about_the_installer():
    done = subprocess.run(["shellcheck", INSTALLER], capture_output=True, text=True, check=False)

    assert done.stdout == ""


def test_systemd_understands_every_word_of_the_units(tmp_path):
    for unit in UNITS:  # the programs are not installed here
        (tmp_path / unit).write_text((DEPLOY / unit).read_text().replace("/opt/bodycam/venv/bin/bodycam-remove", "/bin/true"))

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(tmp_path / unit for unit in UNITS)], capture_output=True, text=True, check=False
    )

    assert [line for line in done.stderr.splitlines() if "bodycam" in line] == []


@pytest.mark.parametrize("unit", SERVICES)
def test_a_unit_leaves_little_exposed(unit):
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", DEPLOY / unit], capture_output=True, text=True, check=False)

    exposure = float(re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)[1])
    assert exposure <= MOST_EXPOSURE
    version = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    assert version != "252" or f"`{unit}` {exposure}" in (ROOT / "docs/docking-pc.md").read_text()


def test_the_dock_has_no_capability_and_the_remover_one():
    assert values(UNITS[0], "CapabilityBoundingSet") == [""]
    assert values(UNITS[2], "CapabilityBoundingSet") == ["CAP_SYS_ADMIN"]
    assert all(values(unit, "NoNewPrivileges") == ["yes"] for unit in SERVICES)


def test_only_the_docks_group_reaches_the_remover():
    assert values(UNITS[1], "SocketGroup") == ["bodycam"]
    assert values(UNITS[1], "SocketMode") == ["0660"]
    (path,) = values(UNITS[1], "ListenStream")
    assert f"BODYCAM_DOCK_REMOVE_SOCKET={path}" in values(UNITS[0], "Environment")


def test_the_dock_may_hear_the_kernel_and_ask_for_the_clock():
    assert "AF_NETLINK" in values(UNITS[0], "RestrictAddressFamilies")[0].split()
    assert "adjtimex" in values(UNITS[0], "SystemCallFilter")[-1].split()
    assert values(UNITS[0], "ProtectClock") == []


def test_no_secret_stands_in_a_unit_or_in_the_settings():
    for name in (*UNITS, "dock.env"):
        assert not re.search(r"^(Environment=)?BODYCAM_DOCK_TOKEN=", (DEPLOY / name).read_text(), re.MULTILINE)


def test_the_credential_reaches_the_dock_through_its_file(tmp_path):
    (tmp_path / "token").write_text("drawn-by-the-service\n")
    (line,) = values(UNITS[0], "ExecStart")
    script = line.removeprefix("/bin/sh -c '").removesuffix("'").replace("$$", "$")

    done = subprocess.run(
        ["/bin/sh", "-c", script.replace("exec /opt/bodycam/venv/bin/bodycam dock", "exec printenv BODYCAM_DOCK_TOKEN")],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.defpath, "CREDENTIALS_DIRECTORY": str(tmp_path)},
    )

    assert script.endswith("exec /opt/bodycam/venv/bin/bodycam dock")
    assert done.stdout == "drawn-by-the-service\n"


def test_without_a_credential_the_dock_does_not_start(tmp_path):
    (line,) = values(UNITS[0], "ExecStart")
    script = line.removeprefix("/bin/sh -c '").removesuffix("'").replace("$$", "$").replace("exec /opt/bodycam/venv/bin/bodycam dock", "echo started")

    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False, env={"CREDENTIALS_DIRECTORY": str(tmp_path)})

    assert done.returncode != 0
    assert done.stdout == ""


def test_units_start_programs_that_the_project_installs():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]

    assert values(UNITS[2], "ExecStart") == ["/opt/bodycam/venv/bin/bodycam-remove"]
    assert {"bodycam", "bodycam-remove"} <= set(scripts)


def test_every_setting_in_the_units_is_one_of_the_dock():
    text = "\n".join((DEPLOY / name).read_text() for name in (*UNITS, "dock.env"))
    named = set(re.findall(r"BODYCAM_DOCK_([A-Z_]+)", text))

    assert named
    assert named <= {name.upper() for name in DockSettings.model_fields}
