#!/usr/bin/env bash
# Run the tests that a mark expression selects; without root, those that need it are left out, and that is said.
# usage: tools/run_tests.sh EXPRESSION [pytest options]
set -euo pipefail
cd "$(dirname "$0")/.."
selected=$1
shift
if [ "$(id -u)" -ne 0 ]; then
    echo "not root: tests of network namespaces and loop devices are left out"
    selected="($selected) and not root"
fi
exec .venv/bin/python -m pytest -m "$selected" "$@"
