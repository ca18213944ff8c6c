"""
Coverage-guided fuzzing of one target: `python -m tests.fuzz.run json -max_total_time=60`, options as libFuzzer's.

An input that breaks something is written where -artifact_prefix says; `make fuzz` keeps it in tests/fixtures/fuzz/.
https://github.com/google/atheris and https://llvm.org/docs/LibFuzzer.html#options
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path

import atheris

LIMITS = [
    "-max_len=100000",
    "-timeout=2",
    "-rss_limit_mb=1024",
    "-report_slow_units=1",
    "-print_final_stats=1",
]
LONGER = 40  # bytes
BYTES_ALONE = 0.1  # of the changes know nothing of the format


def main() -> None:
    """Fuzz until something breaks or the time is over."""
    name, *options = sys.argv[1:]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopkit.settings")
    with atheris.instrument_imports(include=["telemetry"]):
        import django

        django.setup()
        from tests.fuzz import mutations, seeds, targets

    words = sorted(seeds.words())
    mutate = mutations.MUTATE.get(name)

    def mutator(data: bytes, max_size: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if mutate is None or chance.random() < BYTES_ALONE:
            return bytes(atheris.Mutate(data, max_size))
        return mutate(data, chance, words, longer)[:max_size]

    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds.seeds(name)):
            Path(folder, str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], folder, *LIMITS, *options], targets.TARGETS[name], custom_mutator=mutator)
        atheris.Fuzz()


def longer(part: bytes) -> bytes:
    """The part changed, and a little longer at most."""
    return bytes(atheris.Mutate(part, len(part) + LONGER))


if __name__ == "__main__":
    main()
