"""The steps of the demo: provision a project, replay telemetry, diagnose, print the packet and the next steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from loopkit.demo import packet_text, recordings
from loopkit.demo.client import post
from loopkit.demo.project import NAME, DemoProject, open_project

Say = Callable[[str], None]
WINDOW_MINUTES = 60
MAX_WINDOW_MINUTES = 43200  # the maximum of the API; the demo's sandbox expires earlier
STALE_MINUTES = 180


def tell_story(url: str, file: Path, fresh: bool, say: Say) -> None:
    """Run all steps. Raises Refused or OSError if one fails."""
    project, is_new = open_project(url, file, fresh)
    introduce(project, is_new, file, say)
    replay(url, project, say)
    say("Diagnosing")
    packet = request_diagnosis(url, project)
    say("")
    for line in packet_text.packet_lines(packet):
        say(line)
    say("")
    go_on(url, file, packet, say)


def introduce(project: DemoProject, is_new: bool, file: Path, say: Say) -> None:
    """Print which project is used, with a note if it has a new name or old telemetry."""
    say(f"Project {project.project_id} {'provisioned' if is_new else 'resumed'}; its keys are in {file}")
    if is_new and project.project_name != NAME:
        say(f"  A new name: '{NAME}' stays with the project that has it.")
    if project.age_minutes > STALE_MINUTES:
        hours = project.age_minutes // 60
        say(f"  Its telemetry was replayed {hours} h ago; the diagnosis looks back that far.")
        say("  For a project with telemetry of this moment: make demo FRESH=1")


def replay(url: str, project: DemoProject, say: Say) -> None:
    """Send every client's requests with the producer key, and print how many spans were stored."""
    for client, description in recordings.CLIENTS.items():
        stored = duplicates = rejected = 0
        for request, _ in recordings.ending_at(client, project.moment_unix_nano):
            answer = post(f"{url}/v1/traces", project.producer_key, request.body, request.content_type)
            stored += int(answer.headers["X-LoopKit-Accepted"])
            duplicates += int(answer.headers["X-LoopKit-Duplicates"])
            rejected += int(answer.headers["X-LoopKit-Rejected"])
        duplicate_note = f", {duplicates} known already" if duplicates else ""
        rejection_note = f", {rejected} refused" if rejected else ""
        say(f"  {description:<46} {stored:>5} spans stored{duplicate_note}{rejection_note}")


def request_diagnosis(url: str, project: DemoProject) -> dict[str, Any]:
    """Run a diagnosis over a window that includes the replayed telemetry, and return its packet."""
    since_minutes = min(max(WINDOW_MINUTES, project.age_minutes + WINDOW_MINUTES), MAX_WINDOW_MINUTES)
    answer = post(f"{url}/v1/runs/diagnose", project.agent_key, {"since_minutes": since_minutes})
    return dict(answer.json()["packet"])


def go_on(url: str, file: Path, packet: dict[str, Any], say: Say) -> None:
    """Print what a person or an agent can do next."""
    say("Go on:")
    say(f"  approve, reject, return   {url}/admin/diagnosis/loop/  (user admin)")
    say(f"  see it in the browser     {url}/dashboard  (sign in with agent_key from {file.name})")
    say(f"  the packet as JSON        {url}/v1/packets/{packet['packet_id']}")
    say(f"  what agents read first    {url}/llms.txt")
