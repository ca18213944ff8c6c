"""Dart and Flutter: one function is told alike by the machine and by package:stack_trace, and without symbols."""

from __future__ import annotations

import pytest

from tests.telemetry.stacks.told import origin, owners, shown


@pytest.mark.parametrize(
    "line",
    [
        "#0      Basket.add (package:market/src/basket.dart:14:7)",
        "#0      Basket.add.<anonymous closure> (package:market/src/basket.dart:14:7)",
        "#0      Basket.add.<anonymous closure>.<anonymous closure> (package:market/src/basket.dart:14)",
        "#12     new Basket.add (package:market/src/basket.dart:14:7)",
        "package:market/src/basket.dart 14:7    Basket.add.<fn>",
    ],
)
def test_one_function_is_told_alike(line: str) -> None:
    stack = f"{line}\n<asynchronous suspension>\n#1      _rootRun (dart:async/zone.dart:1399:13)\n"

    assert origin(stack) == "Basket.add src/basket.dart"
    assert shown(stack).endswith("package:market/src/basket.dart:14")


@pytest.mark.parametrize(
    ("file", "owner"),
    [
        ("package:market/src/basket.dart:1:1", "own"),
        ("file:///srv/market/bin/main.dart:1:1", "own"),
        ("dart:core-patch/array.dart:1:1", "runtime"),
        ("package:flutter/src/widgets/framework.dart:1:1", "library"),
        ("package:flutter_test/src/widget_tester.dart:1:1", "library"),
        ("file:///home/me/.pub-cache/hosted/pub.dev/csv-5.0.0/lib/csv.dart:1:1", "library"),
        ("file:///srv/market/test/basket_test.dart:1:1", "test"),
    ],
)
def test_whose_code_a_file_is(file: str, owner: str) -> None:
    assert owners(f"#0      work ({file})\n") == [("work", owner)]


def test_a_compiled_program_without_symbols_is_told_by_the_place_in_it() -> None:
    head = "*** *** ***\npid: 81, tid: 94, name 1.ui\nbuild_id: '0f3a'\n"
    line = "    #00 abs 00000075c{}f83 virt 00000000002c4f83 _kDartIsolateSnapshotInstructions+0x1c{}\n"

    assert origin(head + line.format("1", "4f83")) == origin(
        head.replace("81", "77") + line.format("2", "4f83")
    )
    assert origin(head + line.format("1", "4f83")) != origin(head + line.format("1", "4f87"))
