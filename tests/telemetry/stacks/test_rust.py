"""Rust: panics and errors are told by the own function, with and without places."""

from __future__ import annotations

import pytest

from tests.telemetry.stacks.told import chain, origin, owners, shown

STD = "/rustc/4eb161250e340c8f48f66e2b929ef4a5bed7c181/library"


def backtrace(function: str, place: str = "src/shelf.rs:9:5") -> str:
    """The backtrace of a panic in the function; without places where there is none."""
    frames = [("core::panicking::panic_fmt", f"{STD}/core/src/panicking.rs:72:14"), (function, place)]
    frames.append(("std::rt::lang_start::{{closure}}", f"{STD}/std/src/rt.rs:166:17"))
    lines = (
        f"{number:4}: {name}\n" + (f"             at {at}\n" if place else "")
        for number, (name, at) in enumerate(frames)
    )
    return f"thread 'main' panicked at src/other.rs:1:1:\nempty\nstack backtrace:\n{''.join(lines)}note: Some details\n"


@pytest.mark.parametrize(
    ("function", "written"),
    [
        ("depot::shelf::add::h0f1e2d3c4b5a6978", "depot::shelf::add"),
        ("depot::shelf::add::{{closure}}", "depot::shelf::add"),
        ("depot::shelf::add::{closure#0}", "depot::shelf::add"),
        ("depot::shelf::add::{{closure}}::{{closure}}", "depot::shelf::add"),
        ("depot::shelf::Shelf<T>::add", "depot::shelf::Shelf::add"),
        ("depot::shelf::Shelf<alloc::vec::Vec<u8>,depot::A>::add", "depot::shelf::Shelf::add"),
        ("depot::shelf::add::<i32>", "depot::shelf::add"),
        ("<depot::Shelf as core::fmt::Debug>::fmt", "depot::Shelf::fmt"),
        ("<&mut depot::Shelf as depot::Add>::add", "depot::Shelf::add"),
        ("depot::<impl depot::Add for depot::Shelf>::add", "depot::add"),
        ("depot::apply<fn(u8) -> u8>::run", "depot::apply::run"),
    ],
)
def test_names_of_compilers_are_brought_to_the_written_ones(function: str, written: str) -> None:
    assert owners(backtrace(function))[1] == (written, "own")
    assert origin(backtrace(function)) == origin(backtrace(function, "")) == written


@pytest.mark.parametrize(
    ("function", "place", "owner"),
    [
        ("depot::add", "./src/add.rs:1:2", "own"),
        ("depot::add", "/home/me/depot/src/add.rs:1:2", "own"),
        ("tokio::task::poll", "/root/.cargo/registry/src/index.crates.io-1949cf8/tokio-1.40.0/src/t.rs:1:2", "library"),
        ("chain::x", "/usr/local/cargo/git/checkouts/chain-1f2e/ab12/src/x.rs:1:2", "library"),
        ("chain::x", "/src/depot/vendor/chain/src/x.rs:1:2", "library"),
        ("tokio::task::poll", "", "library"),
        ("alloc::vec::Vec<T>::push", "", "runtime"),
        ("<alloc::boxed::Box<F> as core::ops::FnOnce>::call_once", f"{STD}/alloc/src/boxed.rs:1:2", "runtime"),
        ("__rust_begin_short_backtrace", "", "runtime"),
        ("main", "", "runtime"),
    ],
)  # fmt: skip
def test_whose_code_a_function_is(function: str, place: str, owner: str) -> None:
    assert owners(backtrace(function, place))[1][1] == owner


def test_the_location_is_the_own_frame() -> None:
    assert shown(backtrace("depot::shelf::add")) == "depot::shelf::add src/shelf.rs:9"


def test_a_panic_without_a_backtrace_has_its_place() -> None:
    assert shown("thread 'worker-3' panicked at src/shelf.rs:9:5:\nempty\n") == "src/shelf.rs:9"
    assert shown("thread 'main' panicked at 'empty', src/shelf.rs:9:5\n") == "src/shelf.rs:9"


def test_the_causes_of_an_error_are_no_frames() -> None:
    stack = (
        "could not ship\n\nCaused by:\n    0: no truck\n    1: timeout\n\nStack backtrace:\n"
        "   0: anyhow::kind::Adhoc::new\n"
        "             at /root/.cargo/registry/src/index/anyhow-1.0.80/src/kind.rs:8:9\n"
        "   1: depot::ship\n             at ./src/ship.rs:4:4\n"
    )

    assert owners(stack) == [("anyhow::kind::Adhoc::new", "library"), ("depot::ship", "own")]
    assert chain(stack) == [("", "timeout")]
