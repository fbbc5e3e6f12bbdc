"""`bodycam store probe` as an administrator runs it, on a store that keeps its lock and on one that only says so."""

import subprocess

from service.health import read_readiness
from service.safekeeping.probe_lock import probe_lock
from tests.appliances import clean_environment
from tests.e2e.system import PROGRAM
from tests.service_fixtures import running_service


def test_every_attempt_and_its_answer_is_told(system):
    command = [*PROGRAM, "store", "probe", "--data", str(system.appliance.directory.root)]

    done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "the store keeps its lock"
    assert len(lines) == 13
    assert all(line.startswith("passed ") for line in lines[1:-1])


def test_a_store_that_only_says_so_shuts_the_gate_everywhere(tmp_path, database, moto):
    settings = {"store_endpoint": moto, "store_access_key": "trial", "store_secret_key": "trial", "store_bucket": "pretender"}
    with running_service(tmp_path, database, **settings) as service:
        result = probe_lock(service.context)

        lock = next(part for part in read_readiness(service.context).parts if part.name == "lock")
        assert (result.is_passed, lock.is_well) == (False, False)
