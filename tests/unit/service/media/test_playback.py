from service.media.playback import flags_of, is_dark
from service.media.report import MediaFacts, PictureFacts, VideoFacts

VIDEO = VideoFacts(codec="h264", width=640, height=360, pixel_format="yuv420p")


def test_a_street_at_night_is_no_covered_lens():
    assert not is_dark(PictureFacts(mean_luma=9.0, sharpness=300.0))
    assert is_dark(PictureFacts(mean_luma=9.0, sharpness=2.0))


def test_a_photograph_is_not_expected_to_play():
    still = MediaFacts(container="jpeg_pipe", video=VIDEO.model_copy(update={"codec": "mjpeg"}))

    assert flags_of(still) == []


def test_sound_alone_is_told_apart_from_a_picture_that_cannot_be_shown():
    assert flags_of(MediaFacts(container="mp4")) == ["unplayable"]
