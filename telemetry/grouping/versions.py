"""
The versions of the fingerprint rules. Their differences are values that the functions of this package read.

Clusters are compared over weeks, so a project keeps its version until an operator switches it
(docs/diagnosis.md#versions). Rules that give another fingerprint for an old failure are a new version here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.utils import OperationalError

from telemetry.grouping import first_message_forms, message_forms
from telemetry.grouping.message_template import MessageForms

if TYPE_CHECKING:
    from tenants.models import Project


@dataclass(frozen=True, slots=True)
class GroupingRules:
    """The rules of one version. Each field but the first two is a difference between versions."""

    version: int
    summary: str  # for operators: what is new
    # Of stacks without files, the platform's functions are left out (origin_before_3.py).
    skips_platform_frames: bool
    message_forms: MessageForms  # what varies in messages
    weighs_words: bool  # whether a message tells causes apart is judged by its words (telling_words.py)
    reads_stacks_by_language: bool  # chains and groups of exceptions by their root causes (origin.py)
    # Which of several failing spans a failure is charged to (repeated_failures.py).
    charges_who_knows_most: bool
    # An agent's step that fails because there is no such tool shows a failure of the model's answer (unknown_tool.py).
    rereads_steps: bool
    # A call that its caller cancelled is no failure by itself (telemetry/failures/cancellations.py).
    sets_cancellations_apart: bool


FIRST = GroupingRules(
    1,
    "The first rules.",
    skips_platform_frames=False,
    message_forms=first_message_forms.FORMS,
    weighs_words=False,
    reads_stacks_by_language=False,
    charges_who_knows_most=False,
    rereads_steps=False,
    sets_cancellations_apart=False,
)
SECOND = GroupingRules(
    2,
    "Native stacks are compared without the functions of graphics drivers, the dynamic loader, event loops and "
    "thread starts, so that one crash on two machines is one cluster.",
    skips_platform_frames=True,
    message_forms=first_message_forms.FORMS,
    weighs_words=False,
    reads_stacks_by_language=False,
    charges_who_knows_most=False,
    rereads_steps=False,
    sets_cancellations_apart=False,
)
NEWEST = GroupingRules(
    3,
    "Stacks are read by their language: chains of exceptions are compared by the root cause, groups by their "
    "sub-exceptions, and what changes with each build is left out, such as hashes in names of bundles. "
    "More of what varies in a message is left out: hosts with a port, relative paths, truth values, names of users, "
    "names among pairs of keys and values, a model's own words, numbers in languages without spaces; codes of up to "
    "four digits and the messages that pairs have in quotes stay. A message that is one value, or says only that "
    "something failed, does not tell causes apart. A failure that several spans show is charged once, to the one "
    "that knows most of it. A step of an agent that fails because there is no such tool shows a failure of the model's "
    "answer. A call that its caller cancelled is no failure by itself.",
    skips_platform_frames=True,
    message_forms=message_forms.FORMS,
    weighs_words=True,
    reads_stacks_by_language=True,
    charges_who_knows_most=True,
    rereads_steps=True,
    sets_cancellations_apart=True,
)
VERSIONS = {rules.version: rules for rules in (FIRST, SECOND, NEWEST)}


class UnknownVersion(OperationalError):
    """The project's fingerprints have a version that only a newer LoopKit knows. Temporary, like an outdated file."""


def project_rules(project: Project) -> GroupingRules:
    """Return the rules of the project's version. Raises UnknownVersion."""
    return rules_of_version(project.fingerprint_version)


def rules_of_version(version: int) -> GroupingRules:
    """Return the rules of that version. Raises UnknownVersion."""
    try:
        return VERSIONS[version]
    except KeyError:
        raise UnknownVersion(
            f"This LoopKit does not know fingerprints of version {version}: start the newer LoopKit again."
        ) from None
