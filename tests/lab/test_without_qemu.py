"""What the lab does on a machine that cannot run it; this needs no guest."""

import pytest

from tests.lab.conftest import saying_why_not
from tests.lab.guest import require_emulator


@pytest.fixture
def no_qemu(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    return monkeypatch


def enter_the_lab():
    with saying_why_not():
        require_emulator()


def test_a_machine_without_qemu_skips_the_lab_and_says_why(no_qemu):
    with pytest.raises(pytest.skip.Exception, match="needs qemu-system-x86_64"):
        enter_the_lab()


def test_continuous_integration_without_qemu_fails(no_qemu):
    no_qemu.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="needs qemu-system-x86_64"):
        enter_the_lab()
