from service.appliance import log_files


def test_a_long_log_is_moved_aside_and_written_on(tmp_path, monkeypatch):
    monkeypatch.setattr(log_files, "MAX_BYTES", 10)
    log = tmp_path / "serve.log"

    with log.open("ab", buffering=0) as stream:
        stream.write(b"more than ten bytes")
        log_files.bound_log(log)
        stream.write(b"next")

    assert (tmp_path / "serve.log.1").read_bytes() == b"more than ten bytes"
    assert log.read_bytes() == b"next"


def test_a_short_log_is_left_alone(tmp_path):
    log = tmp_path / "serve.log"
    log.write_bytes(b"short")

    log_files.bound_log(log)

    assert not (tmp_path / "serve.log.1").exists()


def test_the_last_lines_of_a_long_log_are_given(tmp_path):
    log = tmp_path / "serve.log"
    log.write_text("".join(f"line {number}\n" for number in range(2000)))

    assert log_files.last_lines(log).split("\n") == [f"line {number}" for number in range(1995, 2000)]
