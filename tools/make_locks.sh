#!/usr/bin/env bash
# Write the hashed locks anew from pyproject.toml, and npm's from package.json. Packages younger than a week wait.
set -euo pipefail
cd "$(dirname "$0")/.."
trap 'rm -rf .venv-lock' EXIT
"${PYTHON:-python3}" -m venv --clear .venv-lock
.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check uv
newest=$(date --utc --date='7 days ago' +%Y-%m-%dT00:00:00Z)

compile() {
    local target=$1
    shift
    .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
        --exclude-newer "$newest" --output-file "$target" "$@" >/dev/null
}

compile requirements.lock pyproject.toml --group build
compile requirements-dev.lock pyproject.toml --group build --group dev
compile requirements-node.lock --group node
compile requirements-footage.lock --no-deps --group footage
compile requirements-fuzz.lock --group fuzz
compile requirements-peers.lock --group peers
if command -v npm >/dev/null; then
    npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --before "$newest" --loglevel=error
    # Who asks for money is not part of a lock.
    .venv-lock/bin/python - package-lock.json <<'PYTHON'
import json, sys
lock = json.load(open(sys.argv[1], encoding="utf-8"))
for package in lock["packages"].values():
    package.pop("funding", None)
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump(lock, file, indent=2, ensure_ascii=False)
    file.write("\n")
PYTHON
else
    echo "no npm here: package-lock.json was left as it is" >&2
fi
if grep -nE 'https?://' requirements*.lock package-lock.json; then
    echo "a lock names an address" >&2
    exit 1
fi
