from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.evidence_packages.layout import LONGEST_FAT32_FILE, ending_of, pieces_of, root_of

CLIP_ID = UUID(int=7)


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("A.MP4", ".MP4"),
        ("A.tar.gz", ".gz"),
        ("A", ""),
        (".", ""),
        ("A.", ""),
        ("A.视频", ""),
        ("A.m p", ""),
        ("A.MP4\n", ""),
        ("A." + "x" * 17, ""),
        ("", ""),
    ],
)
def test_an_ending_is_kept_only_when_it_is_letters_and_digits(name, ending):
    assert ending_of(name) == ending


@given(st.text(max_size=200), st.integers(0, 10**7), st.integers(1, 10**6))
def test_pieces_cover_an_original_without_gap_and_no_path_takes_a_recorders_word(name, size_bytes, piece_bytes):
    pieces = pieces_of(CLIP_ID, name, size_bytes, piece_bytes=max(piece_bytes, size_bytes // 500 + 1))

    assert sum(piece.size_bytes for piece in pieces) == size_bytes
    assert [piece.offset for piece in pieces] == [sum(piece.size_bytes for piece in pieces[:number]) for number in range(len(pieces))]
    assert len({piece.path for piece in pieces}) == len(pieces)
    for piece in pieces:
        parts = piece.path.split("/")
        assert parts[:2] == ["data", str(CLIP_ID)]
        assert len(parts) == 3
        assert parts[2].startswith("original")
        assert set(parts[2]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
        assert len(parts[2]) <= 120


def test_a_long_original_is_cut_for_fat32():
    pieces = pieces_of(CLIP_ID, "A.MP4", 9 * 1024**3, piece_bytes=LONGEST_FAT32_FILE)

    assert [piece.path.rpartition("/")[2] for piece in pieces] == ["original.MP4.001", "original.MP4.002", "original.MP4.003"]
    assert max(piece.size_bytes for piece in pieces) == 2**32 - 1


def test_a_package_of_one_volume_names_no_volume():
    assert root_of(CLIP_ID, number=1, count=1) == f"evidence-{CLIP_ID}"
    assert root_of(CLIP_ID, number=2, count=3) == f"evidence-{CLIP_ID}-volume-2"
