import pytest

from api.web.clips.playback import Playback, playback_of
from evidence_store.models import Clip

H264 = {"container": "mp4", "playable": True, "reason": None}
HEVC = {"container": "mp4", "playable": False, "reason": "video_codec"}


@pytest.mark.parametrize(
    ("name", "media", "playback"),
    [
        ("A.MP4", None, Playback.VIDEO),
        ("A.MP4", H264, Playback.VIDEO),
        ("A.MP4", HEVC, Playback.NOT_PLAYABLE),
        ("A.MP4", {"container": "mp4", "playable": False, "reason": "no_video"}, Playback.AUDIO),
        ("A.MP4", {"error": "damaged"}, Playback.VIDEO),
        ("A.AVI", None, Playback.NOT_PLAYABLE),
        ("A.JPG", {"container": "jpeg_pipe", "playable": False, "reason": "container"}, Playback.IMAGE),
        ("A.wav", None, Playback.AUDIO),
        ("mp4", None, Playback.VIDEO),
        ("notes.html", None, Playback.NOT_PLAYABLE),
        ("", None, Playback.NOT_PLAYABLE),
    ],
)
def test_a_clip_is_shown_as_what_it_is(name, media, playback):
    assert playback_of(Clip(original_name=name, state="sealed", size_bytes=1, media=media)) is playback


def test_what_is_not_stored_or_empty_is_not_shown():
    assert playback_of(Clip(original_name="A.MP4", state="uploading", size_bytes=None)) is Playback.NOT_STORED
    assert playback_of(Clip(original_name="A.MP4", state="stored", size_bytes=0)) is Playback.EMPTY
