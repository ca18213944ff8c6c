"""
The CPU time of hostile texts in every pattern of the product, and in every place of a span, beside that of honest ones.

    python -m benchmarks.adversarial_texts [--patterns N] [--places]     # --places: without the patterns

For each pattern: the exponent with which its time grows with the text (1 is linear), and the worst microseconds a KB.
For each place in a span (name, message, stack, a tool's result, ...): a request of spans with hostile texts there,
scrubbed, decoded, classified and packed as at ingest, beside one with honest texts of the same size. Then texts behind
one secret that repeat a beginning or a name which scrubbing looks for, in every form, or a mixture: the slowest.
New patterns are found, and new conventions, signals and grouping rules run, without being listed here.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopkit.settings")
django.setup()

from benchmarks.adversarial_texts.hard_texts import hard_texts  # noqa: E402
from benchmarks.adversarial_texts.patterns import FoundPattern, find_patterns  # noqa: E402
from benchmarks.adversarial_texts.pieces import mixtures, pieces, repeated_texts  # noqa: E402
from benchmarks.adversarial_texts.places import PLACES, SHAPES, honest_texts, repeated, request_of  # noqa: E402
from telemetry.grouping.versions import NEWEST  # noqa: E402
from telemetry.normalise import normalise  # noqa: E402
from telemetry.otlp.decode import Encoding, decode_spans, parse_export_request  # noqa: E402
from telemetry.scrubbing.scrub import scrub  # noqa: E402
from telemetry.scrubbing.texts import redacted  # noqa: E402
from telemetry.store import segments  # noqa: E402

LENGTHS = (1_000, 4_000, 16_000)  # characters of a text for one pattern
GIVEN_UP = 0.5  # seconds for one text; longer texts are not tried then
SLOWEST = 25  # repeated pieces that are measured as whole requests
MIXTURES = 200
TURNS = 5
GOAL = 10  # times the CPU time of honest texts


class Measured(NamedTuple):
    """The worst text of one pattern, or one place."""

    name: str
    us_a_kb: float
    exponent: float
    text: str


def cpu_seconds(work: Callable[[], object]) -> float:
    """The CPU time of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure_pattern(found: FoundPattern) -> Measured:
    """The worst growth and the worst speed over the pattern's hard texts."""
    worst = Measured(found.name, 0.0, 0.0, "")
    for index, text in enumerate(hard_texts(found.pattern, LENGTHS[0])):
        seconds = {LENGTHS[0]: tried(found, text)}
        for length in LENGTHS[1:]:
            if (
                seconds[max(seconds)] < GIVEN_UP
                and max(seconds.values()) * 1e6 / LENGTHS[0] > worst.us_a_kb / 100
            ):
                longer = next(
                    each for at, each in enumerate(hard_texts(found.pattern, length)) if at == index
                )
                seconds[length] = tried(found, longer)
        longest = max(seconds)
        exponent = (
            math.log(seconds[longest] / seconds[LENGTHS[0]], longest / LENGTHS[0])
            if len(seconds) > 1
            else 0.0
        )
        worst = worst._replace(
            us_a_kb=max(worst.us_a_kb, seconds[longest] * 1e9 / longest),
            exponent=max(worst.exponent, exponent),
            text=text[:20] if exponent >= worst.exponent else worst.text,
        )
    return worst


def tried(found: FoundPattern, text: str) -> float:
    """The shortest CPU time of three searches of the text."""
    given = text.encode("latin-1", "replace") if isinstance(found.pattern.pattern, bytes) else text

    def work() -> object:
        return (
            found.pattern.match(given)
            if found.at_one_place
            else sum(1 for _ in found.pattern.finditer(given))
        )

    return max(min(cpu_seconds(work) for _ in range(3)), 1e-7)


def ingested(body: bytes) -> None:
    """All that ingest does with a body before its transaction."""
    request = parse_export_request(body, Encoding.JSON)
    scrub(request, request.SerializeToString())
    for _ in segments.pack(
        [normalise(span, NEWEST) for span in decode_spans(request.SerializeToString()).spans]
    ):
        pass


def measure_place(place: str) -> tuple[float, list[Measured]]:
    """The microseconds a KB of honest texts in that place, and of the worst hostile shape."""
    length = PLACES[place][0]
    shapes = {
        repeated(beginning, part, length - 4): repeated(beginning, part, 16) for beginning, part in SHAPES
    }
    # Each text is another one, so that no cache knows it.
    bodies = {
        shape: request_of((f"{text}{number:4d}" for number in range(10**6)), place)
        for text, shape in shapes.items()
    }
    return compared(place, place, bodies, 1)


def measure_pieces() -> tuple[float, list[Measured]]:
    """The microseconds a KB of honest texts in an attribute, and of the slowest repeated pieces there, worst first."""
    place = "attribute"
    length = PLACES[place][0]
    slowest = sorted([*pieces(), *mixtures(MIXTURES)], key=lambda piece: -redaction_seconds(piece, length))[
        :SLOWEST
    ]
    bodies = {piece: request_of(repeated_texts(piece, length), place) for piece in slowest}
    return compared(place, "repeated piece", bodies, 5)


def compared(place: str, name: str, bodies: dict[str, bytes], number: int) -> tuple[float, list[Measured]]:
    """The speed of honest texts in that place, and so many of the slowest hostile bodies, by what they repeat."""
    slowest = sorted(bodies, key=lambda shape: -speed(bodies[shape]))[:number]
    honest_body = request_of(honest_texts(PLACES[place][0]), place)
    rows, honest = [], math.inf
    for shape in slowest:
        # In turns, so that both are measured while the machine is as busy.
        times = [(speed(honest_body), speed(bodies[shape])) for _ in range(TURNS)]
        least, most = (min(column) for column in zip(*times, strict=True))
        honest = min(honest, least)
        rows.append(Measured(name, most, most / least, shape))
    return honest, sorted(rows, key=lambda each: -each.exponent)


def redaction_seconds(piece: str, length: int) -> float:
    """The CPU time of one text of the repeated piece; a time that is long for another reason is taken again."""
    text = next(repeated_texts(piece, length))
    seconds = cpu_seconds(lambda: redacted(text))
    return seconds if seconds < GIVEN_UP / 100 else min(seconds, cpu_seconds(lambda: redacted(text)))


def speed(body: bytes) -> float:
    """Microseconds of CPU time a KB of the body."""
    return min(cpu_seconds(lambda: ingested(body)) for _ in range(2)) * 1e9 / len(body)


def print_patterns(lines: int) -> None:
    """Print the slowest patterns, and the steepest growth of all."""
    print(f"{'pattern':<56}{'us/KB':>8}{'exponent':>10}  worst text")
    rows = sorted(map(measure_pattern, find_patterns()), key=lambda row: -row.us_a_kb)
    for row in rows[:lines]:
        print(f"{row.name:<56}{row.us_a_kb:>8.0f}{row.exponent:>10.2f}  {row.text!r}")
    print(f"{len(rows)} patterns, the steepest {max(row.exponent for row in rows):.2f}\n")


def print_worst(honest: float, rows: list[Measured]) -> float:
    """Print lines of the second table; returns how many times as long as honest texts the worst takes."""
    for row in rows:
        print(f"{row.name:<20}{honest:>14.0f}{row.us_a_kb:>15.0f}{row.exponent:>8.1f}  {row.text!r}")
    return rows[0].exponent


def main() -> None:
    """Print the tables; ends with 1 if hostile texts in a place take more than GOAL times as long as honest ones."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    options.add_argument("--patterns", type=int, default=15, help="lines of the table of patterns")
    options.add_argument("--places", action="store_true", help="without the patterns")
    chosen = options.parse_args()
    if not chosen.places:
        print_patterns(chosen.patterns)
    print(f"{'place':<20}{'honest us/KB':>14}{'hostile us/KB':>15}{'times':>8}  worst text")
    worst = 0.0
    for place in PLACES:
        honest, (row, *_) = measure_place(place)
        worst = max(worst, print_worst(honest, [row]))
    honest, rows = measure_pieces()
    worst = max(worst, print_worst(honest, rows[:5]))
    sys.exit(int(worst > GOAL))


if __name__ == "__main__":
    main()
