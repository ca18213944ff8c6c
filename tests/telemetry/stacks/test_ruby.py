"""Ruby: one method is told alike by every version, templates by their file."""

from __future__ import annotations

import pytest

from tests.telemetry.stacks.told import chain, origin, owners, shown


@pytest.mark.parametrize(
    "line",
    [
        "/srv/depot/app/models/shelf.rb:14:in `add': full (Depot::FullError)",
        "/srv/depot/app/models/shelf.rb:14:in 'Depot::Shelf#add': full (Depot::FullError)",
        "/srv/depot/app/models/shelf.rb:14:in 'Depot::Shelf.add'",
        "/srv/depot/app/models/shelf.rb:14:in `block in add'",
        "/srv/depot/app/models/shelf.rb:14:in `block (2 levels) in add'",
        "/srv/depot/app/models/shelf.rb:14:in 'block (2 levels) in Depot::Shelf#add'",
        "/srv/depot/app/models/shelf.rb:14:in `rescue in block in add'",
        "\tfrom /srv/depot/app/models/shelf.rb:14:in 'Depot::Shelf#add'",
        "\t 3: from /srv/depot/app/models/shelf.rb:14:in `add'",
    ],
)
def test_one_method_is_told_alike_by_every_version(line: str) -> None:
    assert origin(line) == "add models/shelf.rb"
    assert shown(line).endswith("add /srv/depot/app/models/shelf.rb:14")


def test_a_template_is_told_by_its_file() -> None:
    first, second = (
        f"/srv/depot/app/views/shelves/show.html.erb:3:in `_app_views_shelves_show_html_erb___{number}'"
        for number in ("2958301472_4160", "771045_23980")
    )

    assert origin(first) == origin(second) == "shelves/show.html.erb"


@pytest.mark.parametrize(
    ("file", "owner"),
    [
        ("/srv/depot/lib/shelf.rb", "own"),
        ("config.ru", "own"),
        ("/usr/lib/ruby/3.3.0/net/http.rb", "runtime"),
        ("<internal:kernel>", "runtime"),
        ("/usr/local/lib/ruby/gems/3.4.0/gems/rack-3.1.0/lib/rack/head.rb", "library"),
        ("/srv/depot/vendor/bundle/ruby/3.3.0/gems/puma-6.4.0/lib/puma/server.rb", "library"),
        ("/home/me/.rbenv/versions/3.3.0/bin/bundle", "library"),
        ("/srv/depot/spec/shelf_spec.rb", "test"),
    ],
)
def test_whose_code_a_file_is(file: str, owner: str) -> None:
    assert owners(f"{file}:2:in `add'") == [("add", owner)]


def test_a_cause_follows_what_it_caused() -> None:
    stack = (
        "/srv/pack.rb:9:in 'rescue in Object#pack': not packed (PackError)\n\tfrom /srv/pack.rb:7:in 'Object#pack'\n"
        "/srv/box.rb:2:in 'Object#box': no box (KeyError)\n\tfrom /srv/pack.rb:8:in 'Object#pack'\n"
    )

    assert chain(stack) == [("PackError", "not packed"), ("KeyError", "no box")]
    assert origin(stack).startswith("KeyError: box srv/box.rb")
