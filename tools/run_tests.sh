#!/usr/bin/env bash
# Run the tests that a mark expression selects, in three groups at once: guests, whole installations and stores; what needs a database; all others.
# The first has the processors when it asks for them, because real machines wait for it. Without root, those that need it are left out, and that is said.
# usage: tools/run_tests.sh EXPRESSION [pytest options]
set -euo pipefail
cd "$(dirname "$0")/.."
selected=$1
shift
if [ "$(id -u)" -ne 0 ]; then
    echo "not root: tests of network namespaces and loop devices are left out"
    selected="($selected) and not root"
fi

systems=(tests/lab tests/e2e tests/conformance)
servers=(tests/integration)
others=(tests/unit tests/api tests/web tests/architecture tests/browser)
logs=$(mktemp -d)
groups=()
trap 'kill "${groups[@]}" 2>/dev/null || true; rm -rf "$logs"' EXIT

run_group() {
    local name=$1 patience=$2 status=0
    shift 2
    nice -n "$patience" .venv/bin/python -m pytest -m "$selected" -p no:cacheprovider "$@" 2>&1 | tee "$logs/$name" | sed -u "s/^/[$name] /" || status=1
    return $status
}

for folder in tests/*/; do
    case " ${systems[*]} ${servers[*]} ${others[*]} tests/bench tests/fuzz tests/golden tests/__pycache__ " in
    *" ${folder%/} "*) ;;
    *) echo "${folder} belongs to no group (tools/run_tests.sh)" >&2 && exit 1 ;;
    esac
done

run_group systems 0 "${systems[@]}" "$@" &
groups+=($!)
run_group servers 1 "${servers[@]}" "$@" &
groups+=($!)
run_group others 3 "${others[@]}" "$@" &
groups+=($!)
status=0
for group in "${groups[@]}"; do
    wait "$group" || status=1
done
tail -qn 1 "$logs"/*
exit $status
