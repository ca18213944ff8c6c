"""A folder with everything that a hostile value could run, load or show, and a few hundred such values."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.security.exports.hostile_values import (
    CANARY_FILE,
    CANARY_VARIABLE,
    KEYS,
    LOADERS,
    MARK,
    NUNJUCKS,
    TEXTS,
    hostile_texts,
    hostile_values,
)

GENERATED = 300
RUN_JS = """
const fs = require("fs");
fs.writeFileSync({canary!r}, "");
module.exports = () => ({{ output: {mark!r} }});
"""
RUN_PY = "open({canary!r}, 'w').close()\ndef get_var(*_):\n    return {{'output': {mark!r}}}\n"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The folder, and the file that exists once anything from a value ran."""

    folder: Path
    canary: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Variables for a program: one with the mark, a home of its own, and proxies that lead nowhere."""
        nowhere = dict.fromkeys(
            ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"
        )
        home = {
            "HOME": str(self.folder),
            CANARY_VARIABLE: MARK,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
        return {"PATH": os.environ["PATH"], **nowhere, **home, **more}


def make_sandbox(folder: Path) -> Sandbox:
    """The folder with the files that hostile values name."""
    made = Sandbox(folder, folder / "ran")
    (folder / CANARY_FILE).write_text(MARK)
    for name, code in (("run.js", RUN_JS), ("run.py", RUN_PY)):
        (folder / name).write_text(code.format(canary=str(made.canary), mark=MARK))
    return made


def generated(strategy: st.SearchStrategy[Any], count: int = GENERATED) -> list[Any]:
    """So many values of the strategy, the same in each run."""
    values: list[Any] = []

    @seed(0)
    @settings(
        max_examples=count, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck)
    )
    @given(strategy)
    def collect(value: Any) -> None:
        values.append(value)

    collect()
    return values


def all_hostile_values(canary: Path) -> list[Any]:
    """Every text by itself, those of promptfoo in lists and names, too, and generated values."""
    texts = [text.replace("{canary}", str(canary)) for text in TEXTS]
    nested = [
        shape for text in (*NUNJUCKS, *LOADERS) for shape in ([text, text], {text: text}, {"a": [text]})
    ]
    keys = [{key: "x"} for key in KEYS]
    return [*texts, *nested, *keys, *generated(hostile_values(str(canary)))]


def all_hostile_texts(canary: Path) -> list[str]:
    """Every text by itself, and generated ones."""
    texts = [text.replace("{canary}", str(canary)) for text in TEXTS]
    return [*texts, *generated(hostile_texts(str(canary)))]
