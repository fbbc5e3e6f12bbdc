"""What a worker finds out about a stored clip, on a real database."""

from datetime import UTC, datetime

from integrity.receipt import ClipState
from service.ingest.kinds import ClipKind
from service.ingest.probe_clip import probe_clip
from tests.builders import make_file
from tests.unit.service.media.gps.logs import box, recording, second_by_second, walk
from tests.unit.service.media.videos import make_sound, make_video


def dock_and_probe(service, path, content):
    clip_id = service.dock_one(make_file(path, content), *([content] if content else []))
    probe_clip(service.context, clip_id=str(clip_id))
    return service.clip(clip_id)


def test_a_verified_clip_is_looked_at_by_the_next_job(service):
    clip_id = service.dock_one(make_file(content=b"footage"), b"footage")

    assert deferred(service) == [("clip.probe_media", str(clip_id))]


def test_what_a_video_holds_is_kept_beside_it(service):
    clip = dock_and_probe(service, "DCIM/A.MP4", make_video())

    assert (clip.state, clip.duration_s, clip.media["playable"]) == (ClipState.SEALED, 1.2, True)
    assert "damaged_media" not in clip.flags


def test_a_damaged_video_is_flagged_and_stays_sealed(service):
    clip = dock_and_probe(service, "DCIM/A.MP4", make_video()[:2_000])

    assert (clip.state, clip.quarantine, clip.media) == (ClipState.SEALED, None, {"error": "damaged"})
    assert clip.flags == ["damaged_media", "unknown_officer", "unregistered_recorder"]


def test_a_log_is_no_damaged_video_but_what_calls_itself_one_is(service):
    text = b"2026-11-24 08:15:30 power on\n"

    assert "damaged_media" not in dock_and_probe(service, "LOG/A.LOG", text).flags
    assert "damaged_media" in dock_and_probe(service, "DCIM/B.MP4", text).flags


def test_an_empty_file_is_not_opened(service):
    clip = dock_and_probe(service, "DCIM/A.MP4", b"")

    assert clip.media == {"error": "empty"}


def test_a_second_look_changes_nothing(service, monkeypatch):
    clip = dock_and_probe(service, "DCIM/A.MP4", make_video())
    monkeypatch.setattr("service.ingest.probe_clip.probe_media", None)

    probe_clip(service.context, clip_id=str(clip.id))

    assert service.clip(clip.id).media == clip.media


AT = datetime(2026, 11, 24, 0, 15, tzinfo=UTC)
"""Eastern Asia's clocks show 08:15."""


def test_a_text_that_is_a_gps_log_is_found_by_its_content_and_its_clock_compared(service):
    clip = dock_and_probe(service, "LOG/TRACK.TXT", walk(AT, 30))

    assert (clip.kind, clip.flags) == (ClipKind.GPS_TRACK, ["unknown_officer", "unregistered_recorder"])
    assert (clip.media["track"]["fixes"], clip.media["track"]["first_at"]) == (30, "2026-11-24T00:15:00+00:00")
    assert (clip.media["gps_offset_s"], clip.media["gps_uncertainty_s"], clip.media["gps_basis"]) == (1.0, 10.0, "file_changed")


def test_a_recorder_that_is_an_hour_off_is_flagged_and_its_time_stays_as_it_said(service):
    clip = dock_and_probe(service, "LOG/TRACK.NMEA", walk(AT.replace(hour=1), 30))

    assert "gps_time_differs" in clip.flags
    assert clip.media["gps_offset_s"] == -3599.0
    assert clip.recorded_at == datetime(2026, 11, 24, 0, 15, 30, tzinfo=UTC)


def test_the_track_inside_a_recording_is_kept_beside_what_the_video_holds(service):
    video, blocks = make_video(), second_by_second(datetime(2026, 11, 24, 8, 15, 30, tzinfo=UTC), 5)
    moov = video.index(b"moov") - 4
    joined = recording(blocks, before=video[:moov], extra=video[moov + 8 :])

    clip = dock_and_probe(service, "DCIM/20261124_081530.MP4", joined)

    assert (clip.kind, clip.media["playable"], clip.media["track"]["format"]) == (ClipKind.VIDEO, True, "novatek")
    assert (clip.media["gps_offset_s"], clip.media["gps_basis"]) == (0.0, "elapsed")
    assert clip.media["track"]["problems"] == {"gps_zone_unknown": 5}


def test_sound_in_a_file_named_like_a_video_is_sound(service):
    assert dock_and_probe(service, "DCIM/A.MP4", make_sound()).kind == ClipKind.AUDIO


def test_a_trailer_that_is_not_read_is_named_although_the_rest_is_damaged(service):
    clip = dock_and_probe(service, "DCIM/A.MP4", box(b"ftyp", b"isom") + box(b"skip", b"LIGOGPSINFO" + bytes(40)))

    assert (clip.media["error"], clip.media["track"]["problems"]) == ("damaged", {"ligogps_unread": 1})
    assert clip.kind == ClipKind.VIDEO


def deferred(service):
    query = "SELECT task_name, args->>'clip_id' FROM procrastinate_jobs WHERE task_name = 'clip.probe_media'"
    with service.context.unit_of_work() as work:
        return [tuple(row) for row in work._session.connection().exec_driver_sql(query)]
