"""What a worker finds out about a stored clip, on a real database."""

from integrity.receipt import ClipState
from service.clips.probe_clip import probe_clip
from tests.builders import make_file
from tests.unit.service.media.videos import make_video


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
    monkeypatch.setattr("service.clips.probe_clip.probe_media", None)

    probe_clip(service.context, clip_id=str(clip.id))

    assert service.clip(clip.id).media == clip.media


def deferred(service):
    query = "SELECT task_name, args->>'clip_id' FROM procrastinate_jobs WHERE task_name = 'clip.probe_media'"
    with service.context.unit_of_work() as work:
        return [tuple(row) for row in work._session.connection().exec_driver_sql(query)]
