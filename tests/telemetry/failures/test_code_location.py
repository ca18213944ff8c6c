"""The frame to open first, with its line, in the languages that send stacks."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry.failures.code_location import CodeLocation, of_record, of_stack

PYTHON = """Traceback (most recent call last):
  File "/srv/app/main.py", line 9, in main
    run()
  File "/srv/app/src/repo.py", line 41, in load
    return find(order)
  File "/srv/app/src/repo.py", line 17, in find
    return session.get(order)
  File "/usr/lib/python3.11/site-packages/db/session.py", line 5, in get
    raise NotFound(order)
shop.NotFound: A-1"""
JAVA = """java.lang.IllegalStateException: none
	at java.util.Objects.requireNonNull(Objects.java:233)
	at com.shop.Repo.find(Repo.java:41)
	at com.shop.Main.main(Main.java:7)"""
NODE = """Error: none
    at Module.load (node:internal/modules/cjs/loader:1105:32)
    at find (/srv/app/src/repo.js:12:9)
    at async main (/srv/app/main.js:3:1)"""
DOTNET = """System.Exception: none
   at Shop.Repo.Find(String id) in /src/Repo.cs:line 33"""
GO = """goroutine 1 [running]:
main.find({0x1})
\t/srv/app/repo.go:21 +0x1d"""
RUBY = """repo.rb:5:in `find': none (KeyError)
\tfrom /srv/app/main.rb:2:in `<main>'"""
PHP = """Exception: none
#0 /srv/app/repo.php(14): Repo->find()
#1 {main}"""


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        (PYTHON, CodeLocation("/srv/app/src/repo.py", 17, "find", own=True)),
        (JAVA, CodeLocation("Repo.java", 41, "com.shop.Repo.find", own=True)),
        (NODE, CodeLocation("/srv/app/src/repo.js", 12, "find", own=True)),
        (DOTNET, CodeLocation("/src/Repo.cs", 33, "Shop.Repo.Find", own=True)),
        (GO, CodeLocation("/srv/app/repo.go", 21, "main.find", own=True)),
        (RUBY, CodeLocation("repo.rb", 5, "find", own=True)),
        (PHP, CodeLocation("/srv/app/repo.php", 14, "Repo->find", own=True)),
        (
            "Error: x\n    at get (/srv/node_modules/db/index.js:7:1)",
            CodeLocation("/srv/node_modules/db/index.js", 7, "get", own=False),
        ),
        ("no stack at all", None),
    ],
)
def test_the_own_frame_nearest_to_the_failure_is_named(stack: str, expected: CodeLocation | None) -> None:
    assert of_stack(stack) == expected


def record(attributes: dict[str, Any], **event: Any) -> dict[str, Any]:
    """A record as it is shown."""
    events = [{"name": "exception", "attributes": event}] if event else []
    return {"attributes": attributes, "events": events}


def test_what_the_instrumentation_says_of_the_code_is_taken_without_a_stack() -> None:
    said = {"code.file.path": "src/repo.py", "code.line.number": 12, "code.function.name": "find"}

    assert of_record(record(said)) == CodeLocation("src/repo.py", 12, "find", own=True)


def test_the_stack_tells_more_than_the_instrumentation() -> None:
    told = of_record(record({"code.filepath": "wrapper.py"}, **{"exception.stacktrace": PYTHON}))

    assert str(told) == "find /srv/app/src/repo.py:17"


def test_a_record_that_says_nothing_of_the_code_has_no_location() -> None:
    assert of_record(record({"http.route": "/orders"}, **{"exception.message": "none"})) is None


def test_a_number_that_no_file_has_is_no_line() -> None:
    found = of_record(
        {"events": [], "attributes": {"code.file.path": "a.py", "code.line.number": "9" * 5000}}
    )

    assert found is not None
    assert (found.file, found.line) == ("a.py", None)
