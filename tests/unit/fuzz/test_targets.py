import importlib
import pkgutil
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_drivers import families
from tests.fuzz import recorder_protocols
from tests.fuzz.mutation import Damage, damaged
from tests.fuzz.registry import TARGETS
from tests.fuzz.target import joined, records

MOST_GROWTH_BYTES = 64 * 1024**2
LONGEST = timedelta(seconds=4)
STEPS = st.lists(st.tuples(st.sampled_from(Damage), st.integers(0, 2**16), st.integers(0, 255), st.binary(max_size=9)), max_size=5)


def most_memory_bytes():
    """The most this process has had in memory since that was last forgotten (proc(5): VmHWM)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


@pytest.fixture
def little_memory():
    """Fails the test that took more memory than any small input may make a parser take."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak
    before = most_memory_bytes()
    yield
    assert most_memory_bytes() - before < MOST_GROWTH_BYTES


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_valid_examples_are_understood(target):
    assert target.seeds
    for seed in target.seeds:
        target.run(seed[: target.longest])


@pytest.mark.timeout(60)
@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@settings(max_examples=40, deadline=LONGEST, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_input_gets_a_typed_error_in_little_time_and_memory(target, data):
    damage = st.builds(damaged, st.sampled_from(target.seeds), STEPS)

    target.attempt(data.draw(damage | st.binary(max_size=min(target.longest, 512))))


def test_every_family_has_its_protocol_fuzzed():
    fuzzed = {value.__name__ for value in vars(recorder_protocols).values() if getattr(value, "__name__", "").endswith(".protocol")}

    protocols = {f"device_drivers.families.{each.name}.protocol" for each in pkgutil.iter_modules(families.__path__)}

    assert {name for name in protocols if importlib.util.find_spec(name)} == fuzzed


@pytest.mark.parametrize(
    ("step", "result"),
    [
        ((Damage.FLIP, 1, 0, b""), b"accd"),
        ((Damage.SET, 1, 0, b"XY"), b"aXYd"),
        ((Damage.TRUNCATE, 3, 0, b""), b"abc"),
        ((Damage.DUPLICATE, 1, 0, b""), b"abbcd"),
        ((Damage.INSERT, 4, 0, b"X"), b"abcdX"),
        ((Damage.DELETE, 1, 1, b""), b"ad"),
        ((Damage.SWAP, 0, 1, b""), b"cdab"),
    ],
)
def test_each_kind_of_damage_does_what_it_says(step, result):
    assert damaged(b"abcd", [step]) == result


@given(st.lists(st.binary(max_size=300), max_size=5), st.binary(max_size=300))
def test_records_come_back_and_any_bytes_are_records(pieces, noise):
    assert records(joined(*pieces)) == pieces
    assert sum(map(len, records(noise))) <= len(noise)
