from hypothesis import given
from hypothesis import strategies as st

from integrity.listing import MAX_SIZE_BYTES
from integrity.receipt import DEFAULT_PART_BYTES, MAX_PARTS, MIN_PART_BYTES, part_size_bytes

MIB = 1024**2
MOST_PART_BYTES = 5 * 1024**3
"""Largest part that S3 takes."""
LONGEST_BYTES = MAX_PARTS * MOST_PART_BYTES


@given(st.integers(0, LONGEST_BYTES))
def test_every_file_that_a_store_can_hold_fits_the_parts_it_is_cut_into(file_bytes):
    part = part_size_bytes(file_bytes)

    assert MIN_PART_BYTES <= part <= MOST_PART_BYTES
    assert part % MIB == 0
    assert -(-file_bytes // part) <= MAX_PARTS


@given(st.integers(0, MAX_PARTS * DEFAULT_PART_BYTES))
def test_a_file_of_up_to_78_gib_is_cut_into_the_usual_parts(file_bytes):
    assert part_size_bytes(file_bytes) == DEFAULT_PART_BYTES


def test_no_part_is_larger_than_it_must_be():
    beyond = MAX_PARTS * DEFAULT_PART_BYTES + 1

    assert part_size_bytes(beyond) == DEFAULT_PART_BYTES + MIB
    assert part_size_bytes(4 * 1024**3 + 7) == DEFAULT_PART_BYTES
    assert part_size_bytes(MAX_SIZE_BYTES) * MAX_PARTS >= MAX_SIZE_BYTES
