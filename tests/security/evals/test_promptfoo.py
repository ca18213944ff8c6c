"""
promptfoo itself over hostile values: nothing runs, nothing is loaded, and each value reaches the provider unchanged.

https://www.promptfoo.dev/docs/usage/command-line/, https://www.promptfoo.dev/docs/providers/echo/
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
import yaml

from diagnosis.evals.formats import promptfoo_config
from tests import ROOT
from tests.security.evals.sandbox import Sandbox, all_hostile_values, make_sandbox
from tests.security.exports.hostile_values import MARK
from tests.security.exports.test_promptfoo_export import document

pytestmark = pytest.mark.evals
PROMPTFOO = ROOT / ".venv" / "promptfoo" / "node_modules" / ".bin" / "promptfoo"
# Answers with what was recorded, which the file's own assertion must call a failure.
REPEATS = "module.exports = class { id() { return 'repeats'; } async callApi(prompt, context) {" \
          " return { output: JSON.parse(context.vars.recorded_output) }; } };"  # fmt: skip
# No network, and no logs of its own, on which it may fail while it ends.
QUIET = {
    "PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1", "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
    "PROMPTFOO_DISABLE_DEBUG_LOG": "1", "PROMPTFOO_DISABLE_ERROR_LOG": "1",
}  # fmt: skip
UNESCAPED = {"PROMPTFOO_DISABLE_JSON_AUTOESCAPE": "1"}

Results = list[dict[str, Any]]
Run = Callable[..., Results]


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """The folder in which promptfoo runs."""
    (tmp_path / "repeats.js").write_text(REPEATS)
    return make_sandbox(tmp_path)


@pytest.fixture
def run(sandbox: Sandbox) -> Run:
    """`run(values, signal)`: promptfoo's results for a file with these values, in their order."""

    def evaluate(values: list[Any], signal: str, provider: Any = "echo", **variables: str) -> Results:
        config = yaml.safe_load(promptfoo_config.render(document(values) | {"signal_type": signal}))
        config |= {"providers": [provider], "defaultTest": {"options": {"provider": "echo"}}}
        (sandbox.folder / "eval.yaml").write_text(json.dumps(config))
        command = [
            str(PROMPTFOO),
            "eval",
            "-c",
            "eval.yaml",
            "-o",
            "out.json",
            "--no-cache",
            "--no-progress-bar",
        ]
        environment = sandbox.environment(
            PROMPTFOO_CONFIG_DIR=str(sandbox.folder / "home"), **QUIET, **variables
        )
        ended = subprocess.run(
            command,
            cwd=sandbox.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode in (0, 100), ended.stdout + ended.stderr  # 100: some tests failed
        written = (sandbox.folder / "out.json").read_text()
        assert MARK not in ended.stdout + ended.stderr + written
        assert not sandbox.canary.exists()
        results: Results = json.loads(written)["results"]["results"]
        return sorted(results, key=lambda result: str(result["testCase"]["description"]))

    return evaluate


class ModelApi(BaseHTTPRequestHandler):
    """A model's API, which keeps what it is asked."""

    asked: ClassVar[list[Any]] = []

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        answer = json.dumps({"choices": [{"message": {"role": "assistant", "content": "fine"}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


def received_text(result: dict[str, Any]) -> str:
    """The content of the one message that the provider got."""
    [message] = json.loads(result["response"]["output"])
    assert set(message) == {"role", "content"}
    assert message["role"] == "user"
    return str(message["content"])


@pytest.mark.parametrize("signal", ["llm_call_failed", "user_signal"])
@pytest.mark.parametrize(
    "variables", [{}, {"PROMPTFOO_DISABLE_JSON_AUTOESCAPE": "1"}], ids=["default", "unescaped"]
)
def test_nothing_runs_and_every_value_arrives(
    sandbox: Sandbox, run: Run, signal: str, variables: dict[str, str]
) -> None:
    values = all_hostile_values(sandbox.canary)

    results = run(values, signal, **variables)

    assert len(results) == len(values) > 500
    for value, result in zip(values, results, strict=True):
        content = received_text(result)
        assert content == value if isinstance(value, str) else json.loads(content) == value


@pytest.mark.parametrize("kind", ["openai", "http"])
def test_a_models_api_is_asked_with_the_recorded_text(sandbox: Sandbox, run: Run, kind: str) -> None:
    values = [value for value in all_hostile_values(sandbox.canary) if isinstance(value, str)][:200]
    ModelApi.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), ModelApi) as server:
        Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        providers = {
            "openai": {"id": "openai:chat:any", "config": {"apiBaseUrl": url, "apiKey": "any"}},
            "http": {"id": url, "config": {"method": "POST", "body": {"messages": "{{prompt}}"}}},
        }

        run(values, "llm_call_failed", providers[kind])
        server.shutdown()

    messages = [asked["messages"] for asked in ModelApi.asked]
    assert sorted(message["content"] for [message] in messages) == sorted(values)


def test_the_recorded_output_is_known_again_whatever_it_is(sandbox: Sandbox, run: Run) -> None:
    values = [value for value in all_hostile_values(sandbox.canary) if isinstance(value, str)]

    results = run(values, "llm_call_failed", "file://repeats.js")

    assert [result["response"]["output"] for result in results] == values
    assert not [result for result in results if result["success"]]


def test_the_sandbox_notices_what_runs(sandbox: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write = f"process.getBuiltinModule('fs').writeFileSync('{sandbox.canary}', '')"
    payload = '{{range.constructor("return ' + write + '")()}}'
    monkeypatch.setattr(promptfoo_config, "inert_text", lambda text: text)

    with pytest.raises(AssertionError, match="exists"):
        run([payload], "llm_call_failed")
