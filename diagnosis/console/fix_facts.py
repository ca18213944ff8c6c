"""The fixes of a loop that shipped, as its page shows them: each with its facts as names and texts."""

from __future__ import annotations

from typing import Any

from diagnosis.console import verification_facts
from diagnosis.display.hidden_characters import show_hidden
from diagnosis.display.quantities import counted, to_the_second
from diagnosis.loops import fixes
from diagnosis.loops.states import NEXT_STATES, State, Trigger
from diagnosis.models import Loop
from diagnosis.verification.baseline import what_is_counted


def fixes_context(loop: Loop) -> dict[str, Any]:
    """The fixes with their facts, what came with them, and whether the shipment of the newest can be put right."""
    counted_as = what_is_counted(loop)
    return {
        "came_with_fix": verification_facts.newest_side_effects(loop),
        "side_effect_of": fixes.side_effect_of(loop),
        "fixes": [(fix.attempt, fix_facts(fix, counted_as)) for fix in fixes.shipped_fixes(loop)],
        "may_be_corrected": (State(loop.state), Trigger.SHIPMENT_CORRECTED) in NEXT_STATES,
    }


def fix_facts(fix: fixes.ShippedFix, counted_as: str) -> list[tuple[str, str]]:
    """
    The facts of one fix, without those that are not known.

    Args:
        counted_as: what the failures before it are, which the report that it shipped does not say.
    """
    failing = [
        f"{counted(row['failures'], 'failure')} in {row['release'] or 'no release'}"
        for row in fix.came_back_in
    ]
    facts = [
        ("shipped", to_the_second(fix.shipped_at)),
        ("reported", to_the_second(fix.reported_at)),
        ("release", fix.release),
        ("before it", verification_facts.count_sentence({"counted": counted_as} | fix.before)),
        ("verdict", fix.verdict),
        ("held", to_the_second(fix.held_at) if fix.held_at else ""),
        ("failure back", to_the_second(fix.back["at"]) if fix.back else ""),
        ("back in", ", ".join(failing)),
        ("came with it", ", ".join(fix.side_effects)),
    ]
    return [(name, show_hidden(text)) for name, text in facts if text]
