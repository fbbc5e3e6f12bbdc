import json
import socket

import pytest

from evidence_store.embedded.errors import EmbeddedServerError
from evidence_store.embedded.ports import is_free, keep_ports


def test_a_name_keeps_its_port(tmp_path):
    first = keep_ports(tmp_path / "ports.json", ["a", "b"])

    assert keep_ports(tmp_path / "ports.json", ["b", "a"]) == first


def test_ports_differ_from_each_other(tmp_path):
    names = [str(number) for number in range(50)]

    assert len(set(keep_ports(tmp_path / "ports.json", names).values())) == len(names)


def test_a_port_taken_by_a_stranger_is_replaced_and_the_others_stay(tmp_path):
    first = keep_ports(tmp_path / "ports.json", ["a", "b"])

    with socket.create_server(("127.0.0.1", first["a"])):
        second = keep_ports(tmp_path / "ports.json", ["a", "b"])

    assert second["a"] != first["a"]
    assert second["b"] == first["b"]
    assert keep_ports(tmp_path / "ports.json", ["a", "b"]) == second


def test_two_names_that_claim_one_port_get_two(tmp_path):
    port = keep_ports(tmp_path / "ports.json", ["a"])["a"]
    (tmp_path / "ports.json").write_text(json.dumps({"a": port, "b": port}))

    ports = keep_ports(tmp_path / "ports.json", ["a", "b"])

    assert ports["a"] == port
    assert ports["b"] != port


@pytest.mark.parametrize("content", ["{", "[]", '{"a": "1"}'])
def test_a_broken_file_is_named(tmp_path, content):
    (tmp_path / "ports.json").write_text(content)

    with pytest.raises(EmbeddedServerError, match=r"ports\.json"):
        keep_ports(tmp_path / "ports.json", ["a"])


def test_a_port_somebody_listens_on_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not is_free(server.getsockname()[1])
