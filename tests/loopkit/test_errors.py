"""Every error outside OTLP has one shape, a stable code and a next step."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, OperationalError, connection
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from loopkit.http.error_answers import handle, validation_sentence
from loopkit.http.errors import ApiError, Unavailable
from loopkit.log_lines import without_clients_text
from tenants.stores.project_file import OutdatedFile
from tests.server import Server


def assert_error(answer: Any, status: int, code: str) -> None:
    """The shape, whole."""
    assert answer.status_code == status
    assert_error_body(answer.data if hasattr(answer, "data") else answer.json(), code)


def assert_error_body(body: Any, code: str) -> None:
    """The shape of the body."""
    assert set(body) == {"ok", "error"}
    assert body["ok"] is False
    assert set(body["error"]) == {"code", "message", "hint", "docs_url"}
    assert all(isinstance(text, str) and text for text in body["error"].values())
    assert body["error"]["code"] == code
    assert body["error"]["docs_url"].endswith("/reference.md#errors")


def handled(error: Exception) -> Any:
    """What a view that raised this answers."""
    return handle(error, {"request": Request(APIRequestFactory().get("/v1/telemetry")), "view": None})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (exceptions.ValidationError({"limit": ["Too high."]}), 400, "invalid"),
        (exceptions.ParseError(), 400, "parse_error"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.AuthenticationFailed(), 401, "authentication_failed"),
        (exceptions.PermissionDenied(), 403, "permission_denied"),
        (PermissionDenied(), 403, "permission_denied"),
        (exceptions.NotFound(), 404, "not_found"),
        (Http404(), 404, "not_found"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (exceptions.APIException(), 500, "server_error"),
        (UnreadablePostError("the client went away"), 400, "body_unreadable"),
        (ApiError(409, "name_claimed", "Taken.", "Resume."), 409, "name_claimed"),
        (Unavailable("full", "The queue is full.", "Send again."), 503, "full"),
        (OperationalError("database is locked"), 503, "store_unavailable"),
        (OperationalError("database or disk is full"), 503, "store_unavailable"),
        (DatabaseError("file is not a database"), 503, "store_unavailable"),
        (OutdatedFile("run migrate_projects"), 503, "store_unavailable"),
    ],
)
def test_every_error_has_the_one_shape(error: Exception, status: int, code: str) -> None:
    assert_error(handled(error), status, code)


def test_a_fault_of_ours_is_left_to_the_500_page() -> None:
    assert handled(KeyError("x")) is None
    assert handled(IntegrityError("x")) is None


def test_what_may_be_sent_again_says_when() -> None:
    assert handled(OperationalError("locked"))["Retry-After"] == "2"
    assert handled(Unavailable("full", "Full.", "Again.", retry_after_seconds=5))["Retry-After"] == "5"


def test_no_fault_of_the_store_shows_its_inside() -> None:
    assert "secret/path" not in str(handled(OperationalError("unable to open secret/path")).data)


@pytest.mark.parametrize(
    ("detail", "line"),
    [
        ("Plain.", "Plain."),
        (["One.", "Two."], "One. Two."),
        ({"limit": ["Too high."], "since": ["Missing."]}, "limit: Too high.; since: Missing."),
        ({"cases": [{"name": ["Missing."]}]}, "cases: name: Missing."),
    ],
)
def test_a_validation_result_is_one_line_that_names_each_field(detail: Any, line: str) -> None:
    assert validation_sentence(detail) == line


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1/nothing", "/v1/provision/", "/v1/%ff", "/%00", "/<script>"]
)
def test_an_unknown_path_is_a_404_in_json_and_no_redirect(call: Any, path: str) -> None:
    assert_error(call("GET", path), 404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_a_wrong_method_is_a_405_with_the_right_one(call: Any, method: str) -> None:
    answer = call(method, "/v1/provision")

    assert_error(answer, 405, "method_not_allowed")
    assert "POST" in answer["Allow"]


def test_a_strange_host_is_a_400_in_json(call: Any, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["loops.example"]

    assert_error(call("POST", "/v1/provision"), 400, "bad_request")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense", ""])
def test_no_accept_header_refuses_a_json_answer(call: Any, accept: str) -> None:
    answer = call("POST", "/v1/provision", Accept=accept)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/json"


@pytest.mark.django_db
def test_a_control_database_that_fails_is_a_503(call: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tenants_project RENAME TO elsewhere")

    answer = call("POST", "/v1/provision", data={"project_name": "acme"})

    assert_error(answer, 503, "store_unavailable")
    assert int(answer["Retry-After"]) >= 1


@pytest.mark.django_db
def test_a_fault_of_ours_is_a_500_in_json_without_its_inside(call: Any, monkeypatch: Any) -> None:
    monkeypatch.delattr("tenants.keys.provisioning.claimed")

    answer = call("POST", "/v1/provision", data={"project_name": "acme"})

    assert_error(answer, 500, "server_error")
    assert "claimed" not in answer.content.decode()


def test_the_running_server_answers_errors_in_the_same_shape(server: Server) -> None:
    assert set(server.call("GET", "/nothing").json()["error"]) == {"code", "message", "hint", "docs_url"}
    assert server.call("POST", "/v1/provision", data=b"{").status == 400
    assert server.call("GET", "/health", Host="elsewhere.example").status == 400


def test_a_wrong_host_is_one_line_in_the_log_that_does_not_quote_it(server: Server) -> None:
    before = len((server.data_dir / "server.log").read_text())

    answer = server.call("GET", "/health", Host="stranger.example")

    log = (server.data_dir / "server.log").read_text()[before:]
    assert_error_body(answer.json(), "bad_request")
    assert "LOOPKIT_ALLOWED_HOSTS" in answer.json()["error"]["hint"]
    assert log.count("refused a request: DisallowedHost, in ") == 1
    assert "stranger.example" not in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("logger", "kept"), [("django.security.DisallowedHost", False), ("django.request", True)]
)
def test_only_a_clients_fault_loses_its_traceback_in_the_log(logger: str, kept: bool) -> None:
    error = ValueError("x")
    record = logging.LogRecord(logger, logging.ERROR, "", 0, "m", None, (ValueError, error, None))

    assert without_clients_text(record)
    assert bool(record.exc_info) == kept
