"""The modules of the verifier's page, by the Node.js that Playwright brings along."""

import base64
import json
import os
import subprocess
from pathlib import Path

import playwright
import pytest

from tests.browser.package_writer import Footage, make_package

HERE = Path(__file__).parent
NODE = Path(playwright.__file__).parent / "driver" / "node"


def run_tests(name, **environment):
    command = [NODE, "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--test", "--test-reporter=spec", HERE / name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.defpath, **environment})
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


@pytest.mark.parametrize("name", ["vectors", "formats", "texts"])
def test_the_modules_keep_their_promises(name):
    run_tests(f"{name}.test.mjs")


def package_file(folder):
    (package,) = make_package(Footage(1, b"a clip"), Footage(2, b"another", imported={"received_from": "x", "document": "y", "importer": "z"}))
    files = {path: base64.b64encode(data).decode() for path, data in package.files.items()}
    facts = {"root": package.root, "logKey": package.log_key, "rootPem": package.extra["root_pem"], "files": files}
    target = folder / "package.json"
    target.write_text(json.dumps(facts))
    return str(target)


def test_no_changed_byte_changes_what_is_signed(tmp_path):
    run_tests("mutations.test.mjs", PACKAGE=package_file(tmp_path), STEP="23")


@pytest.mark.nightly
def test_no_changed_byte_anywhere_changes_what_is_signed(tmp_path):
    run_tests("mutations.test.mjs", PACKAGE=package_file(tmp_path), STEP="1")
