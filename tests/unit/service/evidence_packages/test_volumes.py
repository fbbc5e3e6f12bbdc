import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.evidence_packages.errors import VolumeTooSmallError
from service.evidence_packages.volumes import pack


def test_each_clip_goes_into_the_first_volume_with_room():
    assert pack([6, 5, 4, 3, 9], capacity=11, overhead=1) == [[0, 2], [1, 3], [4]]


def test_without_a_capacity_one_volume_takes_everything():
    assert pack([10**15, 1], capacity=None, overhead=5) == [[0, 1]]


def test_a_clip_that_fits_nowhere_names_the_least_size():
    with pytest.raises(VolumeTooSmallError) as refused:
        pack([3, 40, 7], capacity=44, overhead=5)

    assert refused.value.least_bytes == 45
    assert pack([3, 40, 7], capacity=45, overhead=5) == [[0, 2], [1]]


@given(st.lists(st.integers(0, 100), min_size=1), st.integers(0, 20), st.integers(0, 200))
def test_every_clip_lies_in_exactly_one_volume_and_none_is_too_full(sizes, overhead, slack):
    capacity = max(sizes) + overhead + slack

    volumes = pack(sizes, capacity=capacity, overhead=overhead)

    assert sorted(index for volume in volumes for index in volume) == list(range(len(sizes)))
    assert all(overhead + sum(sizes[index] for index in volume) <= capacity for volume in volumes)
    assert all(volume == sorted(volume) for volume in volumes)
