"""Handing over in a real browser, over a real connection."""

import http.client
import zipfile
from urllib.parse import urlsplit

import pytest

from evidence_store.actor import Role
from tests.builders import make_file

pytestmark = pytest.mark.browser


def test_chosen_clips_are_downloaded_as_a_package_and_listed(window, site, tmp_path):
    window.enter()
    window.open("/clips")
    window.page.check(f"input[name=clip][value='{site.clip_id}']")
    window.page.fill("#recipient", "示范区人民检察院")
    window.page.fill("#purpose", "审查起诉")

    with window.page.expect_download(timeout=60_000) as download:
        window.page.click("#hand-over button")
    download.value.save_as(tmp_path / "package.zip")

    with zipfile.ZipFile(tmp_path / "package.zip") as package:
        assert package.testzip() is None
        assert [name for name in package.namelist() if f"/data/{site.clip_id}/" in name]
    window.open("/packages")
    assert window.page.locator("tbody tr").first.inner_text().startswith("示范区人民检察院")
    with window.page.expect_download(timeout=60_000) as again:
        window.page.click("tbody tr button")
    again.value.save_as(tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "package.zip").read_bytes()


def test_the_connection_is_closed_when_a_clip_was_altered_below_the_store(site):
    content = bytes(3 * 1024**2)
    clip_id = site.service.dock_one(make_file("DCIM/ALTERED.MP4", content), content)
    signed = {"Authorization": f"Bearer {site.service.token(Role.REVIEWER)}", "Content-Type": "application/json"}
    body = f'{{"clip_ids": ["{clip_id}"], "recipient": "x", "purpose": "x"}}'
    (version,) = site.service.context.objects._versions[f"clips/{clip_id}/original"]
    version.data = version.data[:-1] + b"\1"
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=60)

    connection.request("POST", "/api/v1/evidence-packages", body=body, headers=signed)
    answer = connection.getresponse()

    assert answer.status == 200
    with pytest.raises(http.client.IncompleteRead) as broken:
        answer.read()
    assert len(broken.value.partial) < int(answer.headers["content-length"])
    assert b"PK\x05\x06" not in broken.value.partial
    connection.close()
