"""The README and the architecture page tell the truth: commands run, tables match the code, paths exist."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks.layout import product_files
from tests import ROOT
from tests.server import Server

README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
ROW = re.compile(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\|", re.M)
CODE_PATH = re.compile(r"`((?:loopkit|tenants|telemetry|diagnosis|templates|static|tests|docs)/[\w./*-]+)`")


def settings_defaults() -> dict[str, str]:
    """Each variable that settings.py reads, with its default as the README writes it."""
    tree = ast.parse((ROOT / "loopkit" / "settings.py").read_text())
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "env"
    ]
    return {ast.literal_eval(call.args[0]): written(call.args[1]) for call in calls}


def written(default: ast.expr) -> str:
    """A default as people write it into an environment."""
    names = {"BASE_DIR": Path(), "LOOPKIT_DATA_DIR": "<data dir>"}
    value: Any = eval(compile(ast.Expression(default), "settings.py", "eval"), {}, names)
    if isinstance(value, list):
        return ",".join(value)
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value)


def section(title: str) -> str:
    """The README's text under a heading."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_table_of_variables_equals_the_settings() -> None:
    table = {name: default or "" for name, default in ROW.findall(section("Environment"))}

    assert table == settings_defaults()


def test_every_requirement_has_a_reason() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    required = {re.split(r"[\[<>=;]", line)[0] for line in lines if line and not line.startswith(("#", "-"))}

    named = set(re.findall(r"^\| ([A-Za-z][\w.-]+) \| \S", section("Dependencies"), re.M)) - {"Package"}

    assert named == required


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_a_lower_and_an_upper_bound(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and line[0] not in "#-"]

    assert lines
    assert [line for line in lines if not re.search(r">=[\d.]+,<[\d.]+(; .+)?$", line)] == []


def test_every_folder_of_the_layout_exists() -> None:
    folders = re.findall(r"^([a-z]+)/ +\S", section("Layout"), re.M)

    assert len(folders) > 6
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


def test_every_word_of_the_glossary_is_used_in_the_product() -> None:
    cells = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", section("Words"), re.M)
    words = [word for cell in cells for word in cell.split(", ")][1:]
    templates = (path for path in (ROOT / "templates").rglob("*") if path.is_file())

    files = " ".join(path.read_text() for path in (*product_files(ROOT), *templates))
    text = " ".join(files.lower().split())  # a word of two may stand on two lines

    assert len(words) > 30
    assert [word for word in words if word.lower() not in text] == []


def test_every_target_that_the_readme_names_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))

    assert set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.M)) <= targets


def test_the_walk_from_a_key_to_a_packet_works_as_it_is_pasted(server: Server) -> None:
    block = re.search(r"```bash\n(.*?)```", section("From a key to a packet"), re.S)
    assert block
    script = block[1].replace("http://127.0.0.1:8000", server.url)

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60, env=os.environ
    )

    assert done.returncode == 0, done.stderr
    receipt, _, rest = done.stdout.partition("\n")
    assert json.loads(receipt)["accepted"] == 1
    packet = json.loads(rest)["packet"]
    assert [issue["service"] for issue in packet["issues"]] == ["checkout"]
    assert "payment gateway timed out" in packet["issues"][0]["title"]


def test_every_path_that_the_architecture_names_exists() -> None:
    named = set(CODE_PATH.findall(ARCHITECTURE)) | set(CODE_PATH.findall(README))

    assert len(named) > 20
    assert [path for path in sorted(named) if not list(ROOT.glob(path.rstrip("/")))] == []
