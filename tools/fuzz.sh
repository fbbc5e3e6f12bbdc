#!/usr/bin/env bash
# Fuzz every parser of bytes from outside under atheris, which is installed beside .venv because nothing else needs it.
# usage: tools/fuzz.sh [--seconds N] [NAME ...]     (tests/fuzz/run.py tells more)
set -euo pipefail
cd "$(dirname "$0")/.."
folder=.venv-fuzz
wanted=$(sha256sum requirements-fuzz.lock)
if [ "$(cat "$folder/.installed" 2>/dev/null || true)" != "$wanted" ]; then
    rm -rf "$folder"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --retries 10 --require-hashes --only-binary :all: --target "$folder" -r requirements-fuzz.lock
    echo "$wanted" >"$folder/.installed"
fi
PYTHONPATH=$folder exec .venv/bin/python -m tests.fuzz.run "$@"
