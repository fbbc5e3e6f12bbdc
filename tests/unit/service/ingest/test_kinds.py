import pytest
from pydantic import ValidationError

from service.ingest.kinds import ClipKind, is_marked, kind_by_content, kind_of
from service.settings import Settings
from tests.builders import make_settings

MARK = Settings.model_fields["key_mark"].default


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("A.MP4", ClipKind.VIDEO),
        ("a.b.wav", ClipKind.AUDIO),
        ("P.JPG", ClipKind.STILL),
        ("T.NMEA", ClipKind.GPS_TRACK),
        ("dev.log", ClipKind.LOG),
        ("mp4", ClipKind.OTHER),
        ("", ClipKind.OTHER),
        ("x.", ClipKind.OTHER),
    ],
)
def test_a_files_kind_is_told_by_its_ending(name, kind):
    assert kind_of(name) == kind


@pytest.mark.parametrize(
    ("media", "kind"),
    [
        ({"container": "mp4", "video": {"codec": "h264"}, "audio": None}, ClipKind.VIDEO),
        ({"container": "mp4", "video": {"codec": "h264"}, "audio": None, "track": {}}, ClipKind.VIDEO),
        ({"container": "mp4", "video": None, "audio": {"codec": "aac"}}, ClipKind.AUDIO),
        ({"container": "jpeg_pipe", "video": {"codec": "mjpeg"}, "audio": None}, ClipKind.STILL),
        ({"container": "mp4", "video": None, "audio": None}, None),
        ({"version": 1, "track": {"format": "nmea"}}, ClipKind.GPS_TRACK),
        ({"error": "damaged", "track": {"format": "novatek"}}, None),
        ({"error": "not_media"}, None),
    ],
)
def test_a_files_kind_is_told_by_what_was_found_in_it(media, kind):
    assert kind_by_content(media) is kind


@pytest.mark.parametrize("name", ["A_0001_IMP.MP4", "A_IMP_2.MP4", "A_IMP"])
def test_the_key_mark_is_seen(name):
    assert is_marked(name, MARK)


@pytest.mark.parametrize("name", ["A_IMPORT.MP4", "IMP.MP4", "A.MP4"])
def test_what_only_looks_like_the_mark_is_none(name):
    assert not is_marked(name, MARK)


def test_a_mark_that_is_no_regular_expression_is_refused(tmp_path):
    with pytest.raises(ValidationError, match="no regular expression"):
        make_settings(tmp_path, "postgresql+psycopg://nobody@127.0.0.1:1/none", key_mark="(")
