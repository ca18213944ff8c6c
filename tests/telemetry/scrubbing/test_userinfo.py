"""URLs with a user are suspected wherever the pattern of texts finds one."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from telemetry.scrubbing.shapes import USERINFO
from telemetry.scrubbing.suspicion import has_userinfo

PARTS = st.sampled_from(
    ["://", "@", ":", "/", "user", "secret", "https", "a" * 16, "a" * 255, "b" * 256, " ", "8080/", "\\", "é"]
)


@given(st.lists(PARTS, max_size=12).map("".join))
@example("://" + "u" * 256 + ":" + "p" * 256 + "@")
@example("@://u:p@")
@example("://://u:p@h")
@example("://u:p" + "@" * 50)
@example("://" + "é" * 256 + ":" + "𝒑" * 256 + "@")
def test_a_url_with_a_user_is_found_in_bytes_as_in_a_text(text: str) -> None:
    assert has_userinfo(text.encode()) >= bool(USERINFO.search(text))


def test_a_long_url_without_a_user_is_not_suspected() -> None:
    assert not has_userinfo(b"https://shop.test/" + b"path/" * 500 + b"?q=a@b.test")
