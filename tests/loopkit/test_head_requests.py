"""HEAD has the headers of GET and no body, which the log does not complain of."""

from __future__ import annotations

import pytest

from tests.server import Server


@pytest.mark.parametrize("path", ["/llms.txt", "/openapi.json", "/health", "/nothing", "/static/loopkit.css"])
def test_head_has_the_headers_of_get_and_leaves_the_log_alone(server: Server, path: str) -> None:
    log = server.data_dir / "server.log"
    read, before = server.call("GET", path), log.read_text()

    answer = server.call("HEAD", path)

    assert (answer.status, answer.body) == (read.status, b"")
    for name in ("content-type", "content-length"):
        assert answer.headers.get(name) == read.headers.get(name)
    assert log.read_text() == before


def test_a_connection_serves_on_after_head(server: Server) -> None:
    with server.connection() as connection:
        for method in ("HEAD", "GET", "HEAD"):
            connection.request(method, "/llms.txt")
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (200, method == "GET")
