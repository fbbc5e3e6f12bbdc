"""What the verifier's page says about packages, in a real browser, from a file, without network."""

import base64
import mmap
from pathlib import Path

import pytest

from integrity.checkpoint import Checkpoint, sign_checkpoint, verifier_key
from integrity.signing import Ed25519Signer
from integrity.timestamp_authority import create_authority
from service.documents.verify_page import verify_page
from tests.browser.hostile_archives import hostile_archives
from tests.browser.package_writer import ORIGIN, STARTED, Footage, make_derivative, make_package
from tests.browser.verifying import Verifier, built_page

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
GOLDEN = Path(__file__).parents[1] / "golden"
GOOD, BAD, UNREADABLE = "全部核验通过", "核验未通过", "证据包无法读取"
IMPORTED = {"received_from": "某商户", "document": "调取证据通知书 1 号", "importer": "reviewer"}
ONE, OTHER = Footage(1, b"a clip" * 1000), Footage(2, b"another" * 900, name="export/现场.MP4", imported=IMPORTED)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "verify.html"
    path.write_bytes(built_page())
    return path.as_uri()


@pytest.fixture
def open_page(chromium, address):
    """Open the page; every window is closed at the end, must not have complained, and must have asked nobody."""
    windows = []

    def make(**options) -> Verifier:
        windows.append(Verifier(chromium, address, **options))
        return windows[-1]

    yield make
    for window in windows:
        window.close()
    assert [complaint for window in windows for complaint in window.complaints] == []


@pytest.fixture(scope="module")
def shared_page(chromium, address):
    window = Verifier(chromium, address)
    yield window
    window.close()


@pytest.fixture
def page(shared_page):
    """One window for many tests, opened anew for each."""
    shared_page.open()
    yield shared_page
    assert shared_page.complaints == []


def test_the_page_that_is_shipped_is_built_from_these_sources():
    assert verify_page() == built_page()


@pytest.mark.parametrize("has_descriptors", [False, True])
def test_a_package_that_holds_is_said_to_hold(page, tmp_path, has_descriptors):
    (package,) = make_package(ONE, OTHER, derivatives=[make_derivative(ONE, b"an excerpt")], tokens_at=(5,))
    path = package.save(tmp_path / "package.zip", has_descriptors=has_descriptors)

    page.verify(path, key=package.log_key, roots=package.extra["root_pem"])

    assert (page.heading, page.failures, page.remarks) == (GOOD, "", "")
    assert page.verdicts == ["原件", "导入件", "派生件"]
    assert page.completeness == ["完整"]
    assert "某商户" in page.page.inner_text("#outcome")


def test_the_frozen_package_of_the_service_holds(page):
    key, roots = ((GOLDEN / f"evidence_package_v1.{ending}").read_text() for ending in ("key", "pem"))

    page.verify(GOLDEN / "evidence_package_v1.zip", key=key, roots=roots)

    assert (page.heading, page.failures, page.remarks) == (GOOD, "", "")
    assert page.verdicts == ["原件"] * 3


def test_the_log_key_alone_suffices_and_a_missing_root_is_said(page, tmp_path):
    (package,) = make_package(ONE)

    page.verify(package.save(tmp_path / "package.zip"), key=package.log_key)

    assert (page.heading, page.failures) == (GOOD, "")
    assert "未提供根证书，时间仅以日志为准" in page.remarks


def test_a_folder_and_originals_in_pieces_are_verified_alike(page, tmp_path):
    (package,) = make_package(Footage(1, bytes(range(256)) * 40, piece_bytes=4096), OTHER)

    page.verify(package.unpack(tmp_path / "stick"), key=package.log_key)

    assert (page.heading, page.verdicts) == (GOOD, ["原件", "导入件"])


def test_a_folder_dropped_on_the_page_is_read(page, tmp_path):
    (package,) = make_package(ONE)
    folder = package.unpack(tmp_path / "stick")
    session = page.context.new_cdp_session(page.page)
    dragged = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 300, "data": dragged})

    page.page.wait_for_selector("#chosen .button")

    assert page.verify(key=package.log_key).heading == GOOD


def test_an_archive_dropped_on_the_page_is_chosen(page, tmp_path):
    (package,) = make_package(ONE)
    path = package.save(tmp_path / "package.zip")
    session = page.context.new_cdp_session(page.page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send(
            "Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 300, "data": {"items": [], "files": [str(path)], "dragOperationsMask": 1}}
        )
    page.page.wait_for_selector("#chosen .button")

    assert page.verify(key=package.log_key).heading == GOOD


def test_volumes_together_are_complete_and_one_alone_is_not(open_page, tmp_path):
    volumes = make_package(ONE, OTHER, volumes=[[1], [2]])
    paths = [volume.save(tmp_path / f"{number}.zip") for number, volume in enumerate(volumes, 1)]

    together = open_page().verify(*paths, key=volumes[0].log_key)
    alone = open_page().verify(paths[0], key=volumes[0].log_key)

    assert (together.heading, together.completeness) == (GOOD, ["完整"])
    assert (alone.heading, alone.completeness, alone.verdicts) == (BAD, ["不完整"], ["原件"])
    missing = alone.page.inner_text("#outcome")
    assert "缺少分卷：2" in missing
    assert OTHER.clip_id in missing


def test_volumes_of_two_packages_are_told_apart(page, tmp_path):
    (first,) = make_package(ONE)
    (second,) = make_package(OTHER, package_id="11111111-6a53-4c8c-9a3e-4d6f1c2b7a90")

    page.verify(first.save(tmp_path / "1.zip"), second.save(tmp_path / "2.zip"), key=first.log_key)

    assert (page.heading, page.completeness) == (GOOD, ["完整", "完整"])


def test_a_clip_whose_bytes_are_not_those_stored_is_altered_even_when_the_forger_mends_the_bag(page, tmp_path):
    (package,) = make_package(ONE, OTHER)
    forged = package.with_file(f"data/{ONE.clip_id}/original.MP4", b"A clip" * 1000)

    page.verify(forged.save(tmp_path / "package.zip"), key=package.log_key)

    assert (page.heading, page.verdicts) == (BAD, ["已被改动", "导入件"])


def test_a_byte_changed_below_the_bag_is_named(page, tmp_path):
    (package,) = make_package(ONE)
    package.files[f"data/{ONE.clip_id}/original.MP4"] = b"b" + ONE.content[1:]

    page.verify(package.save(tmp_path / "package.zip"), key=package.log_key)

    assert f"SHA-256 与清单不符：data/{ONE.clip_id}/original.MP4" in page.failures
    assert f"SM3 与清单不符：data/{ONE.clip_id}/original.MP4" in page.failures


def test_a_file_that_no_event_knows_is_not_ours(page, tmp_path):
    (package,) = make_package(ONE)
    strange = package.with_file("data/strange/original.MP4", b"made up")

    page.verify(strange.save(tmp_path / "package.zip"), key=package.log_key)

    assert (page.heading, page.verdicts) == (BAD, ["非本系统所出", "原件"])


def drop_event(action):
    def change(evidence):
        evidence["events"] = [entry for entry in evidence["events"] if action not in base64.b64decode(entry["canonical"]).decode()]

    return change


@pytest.mark.parametrize("action", ["clip.announced", "clip.verified", "clip.exported"])
def test_an_event_left_out_leaves_the_clip_unproved(page, tmp_path, action):
    (package,) = make_package(ONE)

    page.verify(package.with_evidence(drop_event(f'"{action}"')).save(tmp_path / "package.zip"), key=package.log_key)

    assert (page.heading, page.verdicts) == (BAD, ["未能证明"])


def test_contents_that_are_not_those_of_the_log_prove_nothing(page, tmp_path):
    (package,) = make_package(ONE)
    (larger,) = make_package(ONE, OTHER)

    page.verify(package.with_file("contents.json", larger.files["contents.json"]).save(tmp_path / "package.zip"), key=package.log_key)

    assert (page.heading, page.verdicts, page.completeness) == (BAD, ["未能证明"], ["无法判断"])
    assert "contents.json 并非所移交的内容" in page.failures


def test_a_derivative_that_was_not_handed_over_is_not_ours(page, tmp_path):
    (package,) = make_package(ONE, derivatives=[make_derivative(ONE, b"an excerpt")])
    forged = package.with_file(f"data/{ONE.clip_id}/derivative-1.mp4", b"another cut")

    page.verify(forged.save(tmp_path / "package.zip"), key=package.log_key)

    assert page.verdicts == ["已被改动", "原件"]


def test_another_logs_key_proves_nothing(page, tmp_path):
    (package,) = make_package(ONE)
    stranger = verifier_key(ORIGIN, Ed25519Signer.generate(ORIGIN).public_key)

    page.verify(package.save(tmp_path / "package.zip"), key=stranger)

    assert (page.heading, page.verdicts) == (BAD, ["未能证明"])
    assert "未经“evidence.example/log”的可信公钥签名" in page.failures


def test_witnesses_that_signed_and_that_did_not_are_told_apart(page, tmp_path):
    present, absent = Ed25519Signer.generate("witness.example"), Ed25519Signer.generate("other.example")
    (package,) = make_package(ONE, witnesses=[present])
    (elsewhere,) = make_package(ONE, witnesses=[absent])
    keys = [*package.extra["witness_keys"], *elsewhere.extra["witness_keys"]]

    page.verify(package.save(tmp_path / "package.zip"), key=package.log_key, witnesses=keys)

    assert "见证方“witness.example”已于 2026-11-20 10:00:00 +08:00 签署" in page.passes
    assert "见证方“other.example”未签署" in page.remarks


def test_a_change_of_the_logs_key_is_followed_from_the_old_key(page, tmp_path):
    (package,) = make_package(ONE, successor=Ed25519Signer.generate(ORIGIN))

    page.verify(package.save(tmp_path / "package.zip"), key=package.log_key)

    assert (page.heading, page.failures) == (GOOD, "")
    assert "已核对日志公钥更换 1 次" in page.passes


@pytest.mark.parametrize(
    ("size", "said"),
    [(10, "与本检查点一致"), (5, "日志只增未改"), (4, "没有材料能将另行取得的检查点")],
)
def test_a_checkpoint_from_elsewhere_is_compared(page, tmp_path, size, said):
    (package,) = make_package(ONE, tokens_at=(5,))
    given = sign_checkpoint(package.log.checkpoint(size), package.log.signer)

    page.verify(package.save(tmp_path / "package.zip"), key=package.log_key, checkpoint=given)

    assert page.heading == GOOD
    assert said in page.passes + page.remarks


@pytest.mark.parametrize("size", [10, 5])
def test_a_log_that_shows_two_histories_is_caught(page, tmp_path, size):
    (package,) = make_package(ONE, tokens_at=(5,))
    forked = sign_checkpoint(Checkpoint(ORIGIN, size, bytes(32)), package.log.signer)

    page.verify(package.save(tmp_path / "package.zip"), key=package.log_key, checkpoint=forked)

    assert page.heading == BAD


def test_a_token_of_another_text_or_root_is_named(open_page, tmp_path):
    (package,) = make_package(ONE)
    (other,) = make_package(OTHER)
    stolen = package.with_file("log/checkpoint.tst", other.files["log/checkpoint.tst"]).save(tmp_path / "stolen.zip")
    foreign = create_authority(STARTED, "Elsewhere").root_pem().decode()

    about_other = open_page().verify(stolen, key=package.log_key, roots=package.extra["root_pem"])
    other_root = open_page().verify(package.save(tmp_path / "package.zip"), key=package.log_key, roots=foreign)

    assert "时间戳针对的是其他内容" in about_other.failures
    assert "没有时间戳可追溯到所提供的根证书" in other_root.failures


def test_a_manifest_of_another_object_is_named(page, tmp_path):
    (package,) = make_package(ONE, OTHER)
    forged = package.with_file(f"manifests/{ONE.clip_id}.json", package.files[f"manifests/{OTHER.clip_id}.json"])

    page.verify(forged.save(tmp_path / "package.zip"), key=package.log_key)

    assert page.heading == BAD
    assert "所述与入库内容不一致" in page.failures


def test_an_index_with_a_member_too_many_is_refused(page, tmp_path):
    (package,) = make_package(ONE)

    page.verify(package.with_evidence(lambda evidence: evidence.update(more=1)).save(tmp_path / "package.zip"), key=package.log_key)

    assert (page.heading, page.verdicts) == (BAD, ["非本系统所出"])


def test_names_that_deceive_are_shown_as_they_are_spelled(page, tmp_path):
    name = '<img src="x" onerror="alert(1)">\u202egpj.exe\u200b'
    (package,) = make_package(Footage(1, b"x", name=name))

    page.verify(package.save(tmp_path / "package.zip"), key=package.log_key)

    shown = page.page.locator(".item-head .name").inner_text()
    assert shown == '<img src="x" onerror="alert(1)">\\u{202e}gpj.exe\\u{200b}'
    assert page.page.locator("#outcome img").count() == 0


def test_what_is_missing_or_misspelled_is_said_before_anything_is_read(page, tmp_path):
    page.page.click("#start")
    assert page.page.inner_text("#complaint") == "请先选择证据包。"

    (package,) = make_package(ONE)
    page.page.set_input_files("#files", package.save(tmp_path / "package.zip"))
    page.page.click("#start")
    page.page.wait_for_selector("#log-key:focus")
    assert page.page.inner_text("#complaint") == "需要填写日志公钥。"

    page.page.fill("#log-key", package.log_key[:-5])
    page.page.click("#start")
    page.page.get_by_text("日志验证公钥：").wait_for()


def test_the_language_changes_with_everything_that_was_found(page, tmp_path):
    (package,) = make_package(ONE)
    page.verify(package.save(tmp_path / "package.zip"), key=package.log_key)

    page.page.get_by_role("button", name="English").click()
    assert (page.heading, page.verdicts, page.completeness) == ("Everything holds", ["ORIGINAL"], ["COMPLETE"])

    page.page.get_by_role("button", name="繁體中文").click()
    assert (page.heading, page.verdicts) == ("全部核驗通過", ["原件"])
    assert page.page.title() == "證據包核驗"


def test_the_page_works_by_keyboard_alone(page, tmp_path):
    (package,) = make_package(ONE)
    page.page.set_input_files("#files", package.save(tmp_path / "package.zip"))
    page.page.focus("#log-key")
    page.page.keyboard.insert_text(package.log_key)
    for _ in range(3):
        page.page.keyboard.press("Tab")
    page.page.keyboard.press("Enter")
    page.wait_until_done()

    assert page.page.evaluate("document.activeElement.id") == "outcome"
    assert page.page.inner_text("#announce") == GOOD


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_axe_finds_nothing_and_nothing_runs_over_the_edge(open_page, tmp_path, scheme, width):
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    (package,) = make_package(ONE, OTHER)
    forged = package.with_file(f"data/{ONE.clip_id}/original.MP4", b"A clip" * 1000)
    page.verify(forged.save(tmp_path / "package.zip"), key=package.log_key)
    page.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")

    page.page.evaluate(AXE.read_text())
    found = page.page.evaluate("axe.run()")

    assert [(one["id"], one["nodes"][0]["target"]) for one in found["violations"]] == []
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_run_can_be_stopped_and_decides_nothing(page, tmp_path):
    (package,) = make_package(Footage(1, bytes(48 * 1024**2)))
    page.page.set_input_files("#files", package.save(tmp_path / "package.zip"))
    page.page.fill("#log-key", package.log_key)
    page.page.click("#start")
    page.page.click("#stop")
    page.wait_until_done()

    assert page.page.inner_text("#complaint") == "已停止，未作出任何结论。"
    assert page.page.locator(".verdict").count() == 0


def highest_memory(chromium) -> int:
    """Most resident memory that any process of the browser ever had, in bytes."""
    session = chromium.new_browser_cdp_session()
    pids = [process["id"] for process in session.send("SystemInfo.getProcessInfo")["processInfo"]]
    session.detach()
    statuses = [Path(f"/proc/{pid}/status") for pid in pids]
    lines = [line for status in statuses if status.exists() for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return max(int(line.split()[1]) for line in lines) * 1024


def check_large(chromium, page, tmp_path, size_bytes):
    source = tmp_path / "original"
    with source.open("wb") as file:
        file.write(b"beginning")
        file.truncate(size_bytes - 3)
        file.seek(0, 2)
        file.write(b"end")
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        (package,) = make_package(Footage(1, content))
        path = package.save(tmp_path / "package.zip")
    before = highest_memory(chromium)

    page.verify(path, key=package.log_key, within_s=240)

    assert (page.heading, page.verdicts) == (GOOD, ["原件"])
    return highest_memory(chromium) - before


def test_a_file_is_read_piece_by_piece(chromium, page, tmp_path):
    assert check_large(chromium, page, tmp_path, 64 * 1024**2) < 150 * 1024**2


@pytest.mark.nightly
def test_a_gibibyte_takes_no_more_memory_than_its_pieces(chromium, page, tmp_path):
    assert check_large(chromium, page, tmp_path, 1024**3) < 300 * 1024**2


def test_canonical_contents_are_demanded(page, tmp_path):
    (package,) = make_package(ONE)
    spaced = package.with_file("contents.json", package.files["contents.json"].replace(b'":', b'": '))

    page.verify(spaced.save(tmp_path / "package.zip"), key=package.log_key)

    assert "不是规范写法" in page.failures


def test_every_archive_that_could_deceive_is_refused(page, tmp_path):
    (package,) = make_package(Footage(1, b"x" * 4000))
    hostile = hostile_archives(package)
    paths = []
    for number, (content, _) in enumerate(hostile.values(), 1):
        paths.append(tmp_path / f"{number}.zip")
        paths[-1].write_bytes(content)

    page.verify(*paths, key=package.log_key)

    assert page.heading == UNREADABLE
    said = [line.split(" · ", 1)[1] for line in page.failures.splitlines()]
    expected = [start for _, start in hostile.values()]
    assert [(name, one) for name, one, start in zip(hostile, said, expected, strict=True) if not one.startswith(start)] == []
    assert page.verdicts == []


def test_the_page_works_from_the_service_too(window, tmp_path):
    (package,) = make_package(ONE)
    window.open("/verify.html")
    window.page.set_input_files("#files", package.save(tmp_path / "package.zip"))
    window.page.fill("#log-key", package.log_key)
    window.page.click("#start")

    window.page.wait_for_selector("body[data-state=done]")
    assert window.page.locator(".verdict h2").inner_text() == GOOD
