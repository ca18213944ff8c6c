"""The documents are true of the instance: each link is followed, each command run, each error code listed."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

import jsonschema
import pytest

from diagnosis.agents.tools import TOOLS
from loopkit.http.error_answers import HINTS
from telemetry.store.ratings.bounds import MOST_ABOUT_ONE, MOST_VERSIONS
from tests import ROOT
from tests.browser_forms import Person
from tests.server import Server

PAGES = ["llms.txt", "agents.md", "reference.md", "quickstart.md", "auth.md"]
MARKS = {".txt": "text/plain", ".md": "text/markdown"}
FENCE = re.compile(r"^```bash\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BASH = ["bash", "-euo", "pipefail"]
HUMAN_STEP = "## 5. Change and ship"


def page(server: Server, name: str) -> str:
    """The page as this instance serves it."""
    return server.call("GET", f"/{name}").body.decode()


def run(script: str, cwd: Path) -> str:
    """The commands in one shell that stops at the first failure; what they printed."""
    done = subprocess.run(BASH, input=script, cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commands(markdown: str) -> str:
    """Every fenced bash command, in order."""
    return "\n".join(FENCE.findall(markdown))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_its_media_type_and_may_be_kept_for_a_while(server: Server, name: str) -> None:
    answer = server.call("GET", f"/{name}")

    assert answer.status == 200
    assert answer.headers["content-type"] == f"{MARKS[Path(name).suffix]}; charset=utf-8"
    assert answer.headers["cache-control"] == "private, max-age=300"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_speaks_of_the_instance_that_serves_it(server: Server, name: str) -> None:
    text = page(server, name)

    assert server.url in text
    assert not re.search(r"\{\{|\{%|&#x27;|&quot;|&amp;|&lt;", text)


def test_llms_txt_has_the_form_that_llmstxt_org_asks_for(server: Server) -> None:
    text = page(server, "llms.txt")

    lines = text.splitlines()
    assert lines[0] == "# LoopKit"
    assert lines[2].startswith("> ")
    assert len(re.findall(r"^## ", text, re.MULTILINE)) >= 2
    listed = [line for line in lines if line.startswith("- ")]
    assert listed
    assert all(re.match(r"- \[[^\]]+\]\(http[^)]+\): ", line) for line in listed)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_somewhere(server: Server, name: str) -> None:
    links = set(re.findall(rf"{re.escape(server.url)}(/[A-Za-z0-9_./-]*[A-Za-z0-9/])", page(server, name)))

    answers = {path: server.call("GET", path) for path in sorted(links)}

    assert answers
    lost = {path: answer.status for path, answer in answers.items() if answer.status not in {200, 302}}
    posted = {path for path in lost if answers[path].headers.get("allow", "").startswith("POST")}
    assert lost.keys() - posted == set()


def test_the_commands_of_the_quickstart_work_as_pasted(server: Server, tmp_path: Path) -> None:
    script = commands(page(server, "quickstart.md"))

    run(script, tmp_path)

    packet = json.loads((tmp_path / "packet.json").read_text())["packet"]
    assert (packet["status"], packet["failures"]) == ("ready_for_issue_diagnosis", 3)


@pytest.mark.parametrize("second", ["agents.md", "quickstart.md"])
def test_no_guide_overwrites_the_keys_that_another_left(server: Server, tmp_path: Path, second: str) -> None:
    def provisioning(name: str) -> str:
        return commands(page(server, name)).partition("hex()")[0]

    run(provisioning("quickstart.md"), tmp_path)
    kept = (tmp_path / "loopkit.json").read_text()
    run(f'{provisioning(second)}\n[ "$AGENT_KEY" = {json.loads(kept)["agent_key"]} ]', tmp_path)

    assert (tmp_path / "loopkit.json").read_text() == kept


def test_a_refused_call_leaves_no_file_of_keys(server: Server, tmp_path: Path) -> None:
    script = commands(page(server, "quickstart.md")).partition("PRODUCER_KEY=")[0]

    subprocess.run(
        BASH, input=script.replace("/v1/provision", "/v1/nothing"), cwd=tmp_path, text=True, check=False
    )

    assert not (tmp_path / "loopkit.json").exists()


def test_the_commands_of_the_guide_work_as_pasted_once_a_human_approves(
    server: Server, human: Person, tmp_path: Path
) -> None:
    before, after = page(server, "agents.md").split(HUMAN_STEP)
    with subprocess.Popen(BASH, cwd=tmp_path, stdin=PIPE, stdout=PIPE, text=True) as shell:
        assert shell.stdin
        assert shell.stdout
        shell.stdin.write(f'{commands(before)}\necho "a human decides on $LOOP"\n')
        shell.stdin.flush()
        waiting = next(line for line in shell.stdout if line.startswith("a human decides on "))
        loop = waiting.split()[-1]

        human.send(f"/admin/diagnosis/loop/{loop}/change/", verb="approve", reason="as the guide says")
        printed, _ = shell.communicate(commands(after), timeout=60)

    assert shell.returncode == 0, printed
    assert re.findall(r'{"verdict":"(\w+)"', printed) == ["no_traffic"]


def test_the_handoff_is_refused_to_a_key_before_a_human_approves(server: Server, tmp_path: Path) -> None:
    before, _ = page(server, "agents.md").split(HUMAN_STEP)
    ask = 'curl -s -w "%{http_code}" -H "Authorization: Bearer $AGENT_KEY" "$LOOPKIT/v1/loops/$LOOP/handoff"'

    printed = run(commands(before) + ask, tmp_path).splitlines()[-1]

    assert printed.endswith("409")
    assert '"code":"not_approved"' in printed


def listed_codes(server: Server) -> set[str]:
    """The codes in the reference's table."""
    table = page(server, "reference.md").split('<a id="errors"></a>')[1]
    first_cells = re.findall(r"^\|(.+?)\|", table, re.MULTILINE)
    return {code for cell in first_cells for code in re.findall(r"`([a-z_]+)`", cell)}


def raised_codes() -> Iterator[str]:
    """Every code in the source: ApiError(status, code), Refusal(status, code), Unavailable(code), plain(..., code)."""
    places = {"ApiError": 1, "Refusal": 1, "Unavailable": 0}
    for app in ("diagnosis", "loopkit", "telemetry", "tenants"):
        for source in (ROOT / app).rglob("*.py"):
            calls = places | ({"plain": 2} if source.name == "error_answers.py" else {})
            for node in ast.walk(ast.parse(source.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls:
                    code = node.args[calls[node.func.id]]
                    yield from [part.value for part in ast.walk(code) if isinstance(part, ast.Constant)]


def test_the_reference_lists_exactly_the_error_codes_of_the_source(server: Server) -> None:
    codes = set(raised_codes()) | set(HINTS)

    assert len(codes) > 20
    assert listed_codes(server) == codes


def test_the_reference_names_every_field_of_a_packet_and_its_issues(server: Server) -> None:
    text = page(server, "reference.md")
    schema = server.call("GET", "/schema/diagnosis-packet.json").json()

    issue = schema["$defs"][schema["properties"]["issues"]["items"]["$ref"].rpartition("/")[2]]
    fields = schema["properties"].keys() | issue["properties"].keys()

    assert {field for field in fields if f"`{field}`" not in text} == set()


def test_contact_json_says_how_to_ask_and_what_the_limits_are(
    call: Callable[..., Any], settings: Any
) -> None:
    settings.LOOPKIT_CONTACT_EMAIL = "ops@example.com"

    contact = call("GET", "/contact.json").json()

    assert contact["email"] == "ops@example.com"
    assert contact["production_access"]["url"] == "http://testserver/v1/access-requests"
    assert contact["limits"]["sandbox_spans"] == settings.LOOPKIT_SANDBOX_SPANS


def test_contact_json_without_an_address_says_null(call: Callable[..., Any], settings: Any) -> None:
    settings.LOOPKIT_CONTACT_EMAIL = ""

    assert call("GET", "/contact.json").json()["email"] is None


def test_documents_name_the_public_url_when_there_is_one(call: Callable[..., Any], settings: Any) -> None:
    settings.LOOPKIT_PUBLIC_URL = "https://loop.example.com"

    llms = call("GET", "/llms.txt").content.decode()
    openapi = call("GET", "/openapi.json").json()

    assert "(https://loop.example.com/agents.md)" in llms
    assert openapi["servers"] == [{"url": "https://loop.example.com"}]


def test_a_real_packet_is_valid_by_the_served_schema(server: Server, tmp_path: Path) -> None:
    run(commands(page(server, "quickstart.md")), tmp_path)
    schema = server.call("GET", "/schema/improvement-packet.json").json()

    packet = json.loads((tmp_path / "packet.json").read_text())["packet"]

    jsonschema.validate(packet, schema, format_checker=jsonschema.FormatChecker())
    assert packet["issues"]


def test_the_bare_url_leads_people_to_the_dashboard_and_agents_to_llms_txt(call: Any) -> None:
    person = call("GET", "/", Accept="text/html,application/xhtml+xml")
    agent = call("GET", "/", Accept="*/*")

    assert (person.headers["Location"], agent.headers["Location"]) == ("/dashboard", "/llms.txt")


def test_the_reference_names_every_tool_with_its_arguments(server: Server) -> None:
    rows = re.findall(r"^\| `(loopkit_\w+)` \| .+ \| (.+) \|$", page(server, "reference.md"), re.M)

    assert [name for name, _ in rows] == [tool.name for tool in TOOLS]
    for (_, arguments), tool in zip(rows, TOOLS, strict=True):
        fields = tool.arguments().fields
        assert set(re.findall(r"\w+", arguments)) == fields.keys() - {"budget"}
        assert set(re.findall(r"\*\*(\w+)\*\*", arguments)) == {
            name for name in fields if fields[name].required
        }
    assert all(f"`{tool.name}`" in page(server, "agents.md") for tool in TOOLS)


def test_the_reference_says_how_many_ratings_are_kept(server: Server) -> None:
    text = page(server, "reference.md")

    assert f"At most {MOST_VERSIONS} versions of one `feedback_id`, and {MOST_ABOUT_ONE:,} signals" in text


def test_the_guide_costs_an_agent_few_tokens(server: Server) -> None:
    assert len(page(server, "agents.md").encode()) / 4 <= 2_500
