#!/usr/bin/env bash
# Run the tests that a mark expression selects, in two halves at once: those with whole installations, guests and stores, and all others.
# Without root, those that need it are left out, and that is said.
# usage: tools/run_tests.sh EXPRESSION [pytest options]
set -euo pipefail
cd "$(dirname "$0")/.."
selected=$1
shift
if [ "$(id -u)" -ne 0 ]; then
    echo "not root: tests of network namespaces and loop devices are left out"
    selected="($selected) and not root"
fi

systems=(tests/e2e tests/lab tests/conformance)
others=(tests/unit tests/api tests/web tests/architecture tests/integration tests/browser)
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

run_half() {
    local name=$1 status=0
    shift
    .venv/bin/python -m pytest -m "$selected" -p no:cacheprovider "$@" 2>&1 | tee "$logs/$name" | sed -u "s/^/[$name] /" || status=1
    return $status
}

for folder in tests/*/; do
    case " ${systems[*]} ${others[*]} tests/bench tests/fuzz tests/golden tests/__pycache__ " in
    *" ${folder%/} "*) ;;
    *) echo "${folder} belongs to neither half (tools/run_tests.sh)" >&2 && exit 1 ;;
    esac
done

run_half systems "${systems[@]}" "$@" &
half=$!
trap 'kill "$half" 2>/dev/null || true; rm -rf "$logs"' EXIT
status=0
run_half others "${others[@]}" "$@" || status=1
wait "$half" || status=1
tail -qn 1 "$logs/systems" "$logs/others"
exit $status
