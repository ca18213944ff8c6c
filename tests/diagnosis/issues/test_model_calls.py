"""Which model calls stand around a failing step."""

from __future__ import annotations

from diagnosis.issues.model_calls import TraceStep, TraceSteps


def run(*steps: tuple[str, str, int, int], calls: str) -> TraceSteps:
    """(name, parent, start, end) of each step; `calls` names the model calls."""
    made = {name: TraceStep(name.encode(), parent.encode(), start, end) for name, parent, start, end in steps}
    found = TraceSteps()
    found.steps = {step.span_id: step for step in made.values()}
    found.calls = [made[name] for name in calls]
    return found


AGENT = run(
    ("r", "", 0, 100),
    ("1", "r", 1, 20), ("a", "1", 2, 5), ("t", "1", 6, 9),
    ("2", "r", 21, 40), ("b", "2", 22, 25), ("u", "2", 26, 29),
    calls="ab",
)  # fmt: skip


def names(agent: TraceSteps, failing: str) -> tuple[str, str]:
    """The calls before and after."""
    step = agent.steps[failing.encode()]
    before, after = agent.before(step), agent.after(step)
    return (before.span_id.decode() if before else "", after.span_id.decode() if after else "")


def test_a_tools_call_was_decided_beside_it_and_is_seen_in_the_next_step() -> None:
    assert names(AGENT, "t") == ("a", "b")


def test_a_failing_step_was_decided_inside_it() -> None:
    assert names(AGENT, "1") == ("a", "b")


def test_the_last_step_has_no_call_after_it() -> None:
    assert names(AGENT, "u") == ("b", "")


def test_a_call_that_came_later_did_not_decide() -> None:
    agent = run(("r", "", 0, 9), ("t", "r", 1, 2), ("a", "r", 3, 4), calls="a")

    assert names(agent, "t") == ("", "a")


def test_a_circle_of_parents_ends() -> None:
    agent = run(("t", "s", 1, 2), ("s", "t", 1, 2), calls="")

    assert names(agent, "t") == ("", "")
