#!/usr/bin/env bash
# Make this machine a docking PC: user, programs, units, udev rules. What is already right is left alone, settings and keys are never overwritten.
# usage: install-docking-pc.sh [--dry-run]
#   --dry-run   print what would be done
#   DESTDIR     install the files below this folder instead, and touch neither users nor services (for packages and images)
#   PYTHON      Python 3.11 or newer (python3); pip heeds its own variables, so PIP_NO_INDEX=1 PIP_FIND_LINKS=DIR installs without a network
set -euo pipefail

source=$(cd "$(dirname "$0")/.." && pwd)
destination=${DESTDIR:-}
python=${PYTHON:-python3}
prefix=/opt/bodycam
configuration=/etc/bodycam
user=bodycam
dry=no

say() { printf '%s\n' "$*"; }

usage() {
    sed -n '2,6s/^# \{0,1\}//p' "$0"
    exit "$1"
}

# Carry out a command, or only print it.
run() {
    if [ "$dry" = yes ]; then
        say "would run: $*"
    else
        "$@"
    fi
}

# The same for a command that changes the machine rather than files below DESTDIR.
run_here() {
    if [ -n "$destination" ]; then
        say "left to the machine: $*"
    else
        run "$@"
    fi
}

make_folder() { # mode folder
    [ -d "$destination$2" ] || run install -d -m "$1" "$destination$2"
}

put() { # mode from to: only where it differs
    if ! cmp --silent "$2" "$destination$3"; then run install -m "$1" "$2" "$destination$3"; fi
}

put_once() { # mode from to: only where there is nothing yet
    [ -e "$destination$3" ] || run install -m "$1" "$2" "$destination$3"
}

make_user() {
    if ! getent passwd "$user" >/dev/null; then
        run_here useradd --system --user-group --home-dir /var/lib/bodycam-dock --no-create-home --shell /usr/sbin/nologin "$user"
    fi
}

install_programs() {
    local pip=("$prefix/venv/bin/python" -m pip install --quiet --disable-pip-version-check)
    [ -x "$destination$prefix/venv/bin/python" ] || run_here "$python" -m venv "$prefix/venv"
    run_here "${pip[@]}" --require-hashes -r "$source/requirements.lock"
    run_here "${pip[@]}" --no-build-isolation --no-deps --force-reinstall "$source"
    make_folder 0755 "$prefix/share/docs"
    put 0644 "$source/docs/docking-pc.md" "$prefix/share/docs/docking-pc.md"
}

make_key() {
    local key="$destination$configuration/spool-key"
    if [ ! -e "$key" ]; then
        run install -m 0600 /dev/null "$key"
        [ "$dry" = yes ] || head -c 32 /dev/urandom >"$key"
    fi
}

install_configuration() {
    make_folder 0750 "$configuration"
    make_folder 0755 "$configuration/profiles"
    put_once 0640 "$source/deploy/dock.env" "$configuration/dock.env"
    put_once 0600 /dev/null "$configuration/dock-token"
    make_key
    run_here chgrp "$user" "$configuration" "$configuration/dock.env"
}

install_units() {
    local unit
    make_folder 0755 /etc/systemd/system
    for unit in bodycam-dock.service bodycam-remove.socket bodycam-remove@.service; do
        put 0644 "$source/deploy/$unit" "/etc/systemd/system/$unit"
    done
    make_folder 0755 /etc/udev/rules.d
    if [ -x "$destination$prefix/venv/bin/bodycam" ] && [ "$dry" = no ]; then # with the families and profiles of this site
        local rules
        rules=$(mktemp)
        "$destination$prefix/venv/bin/bodycam" drivers udev-rules --profiles "$destination$configuration/profiles" >"$rules"
        put 0644 "$rules" /etc/udev/rules.d/70-bodycam-recorders.rules
        rm -f "$rules"
    else
        put 0644 "$source/deploy/70-bodycam-recorders.rules" /etc/udev/rules.d/70-bodycam-recorders.rules
    fi
}

start() {
    run_here systemctl daemon-reload
    run_here udevadm control --reload
    run_here udevadm trigger --subsystem-match=usb --subsystem-match=block
    run_here systemctl enable --now bodycam-remove.socket
    run_here systemctl enable bodycam-dock.service
    if [ -s "$destination$configuration/dock-token" ]; then
        run_here systemctl restart bodycam-dock.service
    else
        say "next: write the service's address into $configuration/dock.env and the credential into $configuration/dock-token,"
        say "then: systemctl start bodycam-dock; docs/docking-pc.md says how to look at it"
    fi
}

for argument in "$@"; do
    case $argument in
    --dry-run) dry=yes ;;
    -h | --help) usage 0 ;;
    *) usage 2 >&2 ;;
    esac
done
if [ "$dry" = no ] && [ -z "$destination" ] && [ "$(id -u)" -ne 0 ]; then
    say "needs root (or --dry-run, or DESTDIR)" >&2
    exit 1
fi
make_user
install_programs
install_configuration
install_units
start
