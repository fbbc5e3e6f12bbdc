import re

from hypothesis import given
from hypothesis import strategies as st

from device_drivers.dock.reading_order import KEY_MARK, is_key_file, is_locked, reading_order
from integrity.listing import RecordedFile

MARK = re.compile(KEY_MARK, re.IGNORECASE)


def file(path, *, created=None, modified=None, attributes=""):
    return RecordedFile(path, "", 1, created=created, modified=modified, attributes=attributes)


def test_key_files_come_first_then_locked_ones_then_the_oldest():
    files = [
        file("B.MP4", created="2026-11-24T10:00:00"),
        file("A.MP4", created="2026-11-24T09:00:00"),
        file("LOCKED.MP4", created="2026-11-24T12:00:00", attributes="RA"),
        file("00000001_0001_IMP.MP4", created="2026-11-24T11:00:00"),
        file("UNDATED.MP4"),
    ]

    assert reading_order(files, MARK) == [3, 2, 1, 0, 4]


def test_a_key_mark_is_a_whole_part_of_the_name():
    marked = ["0001_IMP.MP4", "0001_imp.mp4", "DCIM/0001_IMP_2.MP4", "0001_IMP"]
    unmarked = ["0001.MP4", "IMPORTANT.MP4", "0001_IMPORT.MP4", "A_IMP/0001.MP4"]

    assert all(is_key_file(file(path), MARK) for path in marked)
    assert not any(is_key_file(file(path), MARK) for path in unmarked)


def test_a_locked_file_is_one_that_the_recorder_protects():
    assert is_locked(file("A.MP4", attributes="RA"))
    assert not is_locked(file("A.MP4", attributes="A"))


@given(
    st.lists(st.builds(file, st.text(max_size=8).filter(lambda text: "\0" not in text and text.isprintable()), attributes=st.sampled_from(["", "R"])))
)
def test_every_file_has_exactly_one_place(files):
    assert sorted(reading_order(files, MARK)) == list(range(len(files)))
