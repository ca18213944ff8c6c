"""PHP: a call's place stands in the function of the frame behind it, causes come first."""

from __future__ import annotations

import pytest

from telemetry.stacks.reading import parsed_stack
from tests.telemetry.stacks.told import chain, origin, owners, shown

TRACE = (
    "Depot\\FullError: shelf 4 is full in /srv/depot/src/Shelf.php:21\nStack trace:\n"
    "#0 /srv/depot/src/Order.php(9): Depot\\Shelf->add(Object(Depot\\Item), 'a(b)')\n"
    "#1 [internal function]: Depot\\Order->{closure}()\n"
    "#2 /srv/depot/vendor/slim/App.php(3): array_map(Object(Closure))\n"
    "#3 /srv/depot/public/index.php(4): Slim\\App->run()\n#4 {main}\n  thrown in /srv/depot/src/Shelf.php on line 21"
)


def test_the_place_of_the_exception_is_where_it_was_thrown() -> None:
    assert shown(TRACE) == "Depot\\Shelf->add /srv/depot/src/Shelf.php:21"
    assert owners(TRACE) == [
        ("Depot\\Shelf->add", "own"),
        ("Depot\\Order->{closure}", "own"),
        ("array_map", "runtime"),
        ("Slim\\App->run", "library"),
        ("", "own"),
    ]


def test_a_trace_alone_has_the_places_of_its_calls() -> None:
    assert shown("#0 /srv/depot/src/Order.php(9): Depot\\Shelf->add(1)\n#1 {main}") == (
        "Depot\\Shelf->add /srv/depot/src/Order.php:9"
    )


@pytest.mark.parametrize(
    ("call", "function"),
    [
        ("Depot\\Order->{closure:Depot\\Order::pack():12}(1)", "Depot\\Order->Depot\\Order::pack"),
        ("class@anonymous/srv/x.php:3$0->run()", "class@anonymous->run"),
        ("require('/srv/x.php')", "require"),
    ],
)
def test_names_of_the_compiler_lose_what_changes(call: str, function: str) -> None:
    assert [each for each, _ in owners(f"#0 /srv/x.php(3): {call}\n")] == [function]


def test_a_cause_comes_before_what_it_caused() -> None:
    stack = (
        "PDOException: gone in /srv/depot/src/Db.php:5\nStack trace:\n"
        "#0 /srv/depot/src/Repo.php(2): Db->ask()\n#1 {main}\n\n"
        "Next Depot\\RepoError: no order in /srv/depot/src/Repo.php:4\nStack trace:\n"
        "#0 /srv/depot/src/App.php(2): Repo->find(4)\n#1 {main}\n"
    )

    assert chain(stack) == [("Depot\\RepoError", "no order"), ("PDOException", "gone")]
    assert origin(stack) == "PDOException: Db->ask src/Db.php"


def test_compiled_templates_are_one_file_over_deploys() -> None:
    first, second = (
        f"#0 /srv/depot/storage/framework/views/{hash_}.php(3): e(NULL)\n#1 {{main}}"
        for hash_ in ("5b1c9e0f7a3d2b4c6e8f0a1b2c3d4e5f6a7b8c9d", "00ff5b1c9e0f7a3d2b4c6e8f0a1b2c3d4e5f6a7b")
    )

    assert origin(first) == origin(second)


@pytest.mark.parametrize("place", ["/srv/app.php:3", "/srv/app.php on line 3", "/srv/app.php(3)"])
def test_a_message_may_hold_the_word_before_the_place(place: str) -> None:
    found = parsed_stack(
        f"Error: mistake in query in {place}\n#0 /srv/main.php(7): Shop->find()\n#1 {{main}}"
    )

    assert found is not None
    assert (found.error_type, found.message) == ("Error", "mistake in query")
    assert [(frame.file, frame.line) for frame in found.frames] == [("/srv/app.php", 3), ("/srv/main.php", 7)]


def test_a_message_without_a_place_is_whole() -> None:
    found = parsed_stack("Error: 3 items in stock\n#0 /srv/main.php(7): Shop->find()\n#1 {main}")

    assert found is not None
    assert found.message == "3 items in stock"
