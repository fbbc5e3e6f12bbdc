#!/usr/bin/env bash
# Install what tests need from the distribution (debian-packages.txt) when root; else say exactly what is missing.
set -euo pipefail
cd "$(dirname "$0")"
export PATH="$PATH:/usr/sbin:/sbin" DEBIAN_FRONTEND=noninteractive

find_missing() {
    local package proof
    while read -r package proof; do
        case $package in '' | '#'*) continue ;; esac
        case $proof in
        /*) [ -e "$proof" ] || echo "$package" ;;
        *) command -v "$proof" >/dev/null || echo "$package" ;;
        esac
    done <debian-packages.txt
}

retry() {
    local attempt
    for attempt in 1 2 3 4; do
        if "$@"; then return 0; fi
        echo "attempt $attempt failed: $*" >&2
        sleep $((attempt * 3))
    done
    return 1
}

mapfile -t missing < <(find_missing)
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "tests need programs that are not on this machine. On Debian or Ubuntu, as root: apt-get install ${missing[*]}" >&2
    exit 1
fi
echo "installing from the distribution: ${missing[*]}"
retry apt-get -qq update
retry apt-get -qq install --yes --no-install-recommends "${missing[@]}" >/dev/null
mapfile -t missing < <(find_missing)
if [ ${#missing[@]} -ne 0 ]; then
    echo "installed, and still not found: ${missing[*]}" >&2
    exit 1
fi
