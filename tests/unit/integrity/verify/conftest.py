import io

import pytest
from cryptography import x509

from integrity.verify.checkpoint_checks import Trust
from integrity.verify.container import zip_container
from integrity.verify.verdicts import judge_completeness
from integrity.verify.verification import verify_volume
from tests.unit.integrity.verify.packages import AUTHORITY, LOG_KEY, MANIFEST_KEY, OTHER_AUTHORITY, WITNESS_KEY, zip_bytes


class Listener:
    """Remembers what it was told."""

    def __init__(self):
        self.checks = []
        self.files = []
        self.read = []

    def check(self, check):
        self.checks.append(check)

    def file(self, verdict):
        self.files.append(verdict)

    def progress(self, done_bytes, total_bytes):
        self.read.append((done_bytes, total_bytes))


class Found:
    """What was found in some volumes, short enough to compare."""

    def __init__(self, volumes):
        self.volumes = volumes
        self.packages = judge_completeness(volumes)
        self.checks = [check for volume in volumes for check in volume.checks]
        self.codes = [check.code for check in self.checks]
        self.failed = sorted({check.code for check in self.checks if check.status == "fails"})
        self.notes = {check.code for check in self.checks if check.status == "note"}
        self.verdicts = [file.verdict.value for volume in volumes for file in volume.files]
        self.whole = [package.is_complete for package in self.packages]


def everything(**changes):
    """A reader who brought all there is."""
    trust = {
        "log_key": LOG_KEY,
        "witness_keys": (WITNESS_KEY,),
        "roots": tuple(root for each in (AUTHORITY, OTHER_AUTHORITY) for root in x509.load_pem_x509_certificates(each.root_pem())),
        "manifest_key": MANIFEST_KEY,
        "with_sm3": True,
    }
    return Trust(**{**trust, **changes})


def verify_files(*volumes, trust=None, listener=None, folder="evidence-0193a1d0-0000-7000-8000-00000000aaaa"):
    """Verify volumes that are given as files by path."""
    reports = []
    for files in volumes:
        data = zip_bytes({f"{folder}/{path}": content for path, content in files.items()})
        reports.append(verify_volume(zip_container("p.zip", io.BytesIO(data), len(data)), trust or everything(), listener or Listener()))
    return Found(reports)


@pytest.fixture
def verify():
    return verify_files


@pytest.fixture
def trusting():
    return everything


@pytest.fixture
def listener():
    return Listener()
