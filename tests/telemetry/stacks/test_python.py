"""Python: tracebacks, chains by their root cause, groups by their members."""

from __future__ import annotations

import traceback

import pytest

from telemetry.stacks import parsed_stack
from tests.telemetry.stacks.told import chain, origin, owners, shown

HEAD = "Traceback (most recent call last):\n"
CAUSED = "\nThe above exception was the direct cause of the following exception:\n\n"
HANDLED = "\nDuring handling of the above exception, another exception occurred:\n\n"


def raised(file: str, function: str, last: str) -> str:
    """A traceback of one frame."""
    return f'{HEAD}  File "{file}", line 7, in {function}\n    do()\n    ~~^^\n{last}\n'


LOOKUP = raised("/srv/billing/rates.py", "rate_of", "LookupError: no rate for EUR")
PARSE = raised("/srv/billing/feed.py", "parse_feed", "ValueError: bad feed")
WRAP = raised("/srv/billing/invoice.py", "make_invoice", "billing.InvoiceError: invoice was not made")


@pytest.mark.parametrize("joint", [CAUSED, HANDLED])
def test_a_chain_is_known_by_its_root_cause(joint: str) -> None:
    assert chain(LOOKUP + joint + WRAP) == [
        ("billing.InvoiceError", "invoice was not made"),
        ("LookupError", "no rate for EUR"),
    ]
    assert origin(LOOKUP + joint + WRAP) != origin(PARSE + joint + WRAP)
    assert shown(LOOKUP + joint + WRAP) == "rate_of /srv/billing/rates.py:7"


def test_the_wrapper_says_where_a_root_cause_of_libraries_comes_from() -> None:
    inner = raised(
        "/opt/app/.venv/lib/python3.12/site-packages/pgwire/conn.py", "connect", "OSError: refused"
    )

    assert origin(inner + CAUSED + WRAP) == "OSError: make_invoice billing/invoice.py"
    assert shown(inner + CAUSED + WRAP) == "make_invoice /srv/billing/invoice.py:7"


@pytest.mark.parametrize(
    ("file", "owner"),
    [
        ("/srv/billing/rates.py", "own"),
        ("src/rates.py", "own"),
        ("/usr/lib/python3.12/asyncio/tasks.py", "runtime"),
        ("C:\\Python312\\Lib\\json\\decoder.py", "runtime"),
        ("C:\\Python312\\Lib\\site-packages\\attr\\_make.py", "library"),
        ("/root/.pyenv/versions/3.13.0/lib/python3.13/contextlib.py", "runtime"),
        ("/opt/pypy/lib/pypy3.10/json/decoder.py", "runtime"),
        ("<frozen importlib._bootstrap>", "runtime"),
        ("<string>", "runtime"),
        ("/usr/lib/python3/dist-packages/yaml/loader.py", "library"),
        ("/srv/billing/tests/test_rates.py", "test"),
        ("/srv/billing/conftest.py", "test"),
        ("/home/me/latest/contest.py", "own"),
        ("/usr/lib/python3.12/unittest/mock.py", "runtime"),
    ],
)
def test_whose_code_a_file_is(file: str, owner: str) -> None:
    assert owners(raised(file, "work", "E: x")) == [("work", owner)]


def test_a_comprehension_is_its_function_as_in_newer_pythons() -> None:
    with_frame = (
        HEAD
        + '  File "/a/b.py", line 3, in total\n    x\n  File "/a/b.py", line 3, in <listcomp>\n    x\nE: m\n'
    )
    without = HEAD + '  File "/a/b.py", line 3, in total\n    x\nE: m\n'

    assert origin(with_frame) == origin(without) == "total a/b.py"


def group(*members: str, kind: str = "ExceptionGroup", outer: str = "/srv/jobs/run.py") -> str:
    """A group with the tracebacks as its sub-exceptions, as the interpreter draws it."""
    text = f'  + Exception Group Traceback (most recent call last):\n  |   File "{outer}", line 4, in run\n'
    text += f"  |     async with nursery():\n  | {kind}: several failed ({len(members)} sub-exceptions)\n"
    for number, member in enumerate(members, 1):
        corner = "  +-+" if number == 1 else "    +"
        text += f"{corner}---------------- {number} ----------------\n"
        text += "".join(f"    | {line}\n" for line in member.splitlines())
    return f"{text}    +------------------------------------\n"


def test_a_group_is_known_by_its_members_in_any_order() -> None:
    assert origin(group(LOOKUP, PARSE)) == origin(group(PARSE, LOOKUP, PARSE))
    assert origin(group(LOOKUP)) != origin(group(PARSE))
    assert (
        origin(group(LOOKUP)) == "LookupError: rate_of billing/rates.py < run jobs/run.py".partition(" <")[0]
    )


SOURCE = """
def parse(): raise ValueError("bad")

def refuse():
    try:
        {}["EUR"]
    except KeyError as error:
        raise PermissionError("no access") from error

def inner():
    raise ExceptionGroup("inner", collected(parse))

def outer():
    raise ExceptionGroup("outer", collected(refuse, inner))

def collected(*functions):
    errors = []
    for function in functions:
        try:
            function()
        except Exception as error:
            errors.append(error)
    return errors

outer()
"""


def test_groups_in_groups_and_chains_in_them_are_read_as_the_interpreter_writes_them() -> None:
    try:
        exec(compile(SOURCE, "/srv/jobs/run.py", "exec"), {})
    except ExceptionGroup as error:
        text = "".join(traceback.format_exception(error))
    found = parsed_stack(text)

    assert found is not None
    assert [member.error_type for member in found.members] == ["PermissionError", "ExceptionGroup"]
    assert origin(text) == "KeyError: refuse jobs/run.py + ValueError: parse jobs/run.py"


def test_a_member_without_a_traceback_is_one() -> None:
    found = parsed_stack(group("KeyError: 'a'"))

    assert found is not None
    assert [(member.error_type, member.message) for member in found.members] == [("KeyError", "'a'")]


def test_the_last_traceback_in_a_message_is_the_root() -> None:
    told = f'{HEAD}  File "/srv/a.py", line 1, in run\n    x\nRuntimeError: tool said {LOOKUP}'

    assert chain(told)[-1] == ("LookupError", "no rate for EUR")
