"""
Failures around a model's answer that say what was wrong with it: that it was cut, refused, or empty.

Strands raises MaxTokensReachedException around a cut answer: https://strandsagents.com (agent loop). smolagents cannot
read the call that is missing at its end, or in an empty one: https://huggingface.co/docs/smolagents
(AgentParsingError).
Pydantic AI raises ContentFilterError around a filtered one: https://ai.pydantic.dev/api/exceptions/
"""

from __future__ import annotations

import re

from telemetry.spans.failing_record import FailingRecord

UNREADABLE = (
    r"\b(?:pars|decod)(?:e|ed|ing)\b.{0,60}\b(?:output|response|answer|completion|JSON)\b"
    r"|\bUnterminated string\b|\bunexpected end of (?:JSON|input)\b|\bEOF while parsing\b"
)
LIMIT = re.compile(
    r"max[ _]?(?:output[ _]|completion[ _])?tokens|tokens? limit|limit of (?:\d+ )?tokens|length limit|truncated"
    rf"|finish[ _]?reason\W{{1,4}}length|maximum (?:number of )?(?:output )?tokens|{UNREADABLE}",
    re.I,
)
REFUSAL = re.compile(
    r"content[ _-]?(?:filter|policy|management|violation)|refus(?:al|ed)|guard[ _-]?rail|moderation|blocked|prohibited"
    r"|safety (?:filter|setting|system|reason|policy)|finish[ _]?reason\W{1,4}safety",
    re.I,
)
NOTHING = re.compile(
    r"\b(?:empty|blank|no (?:content|output|answer|response|text|choices|message)|without (?:content|text))\b"
    rf"|{UNREADABLE}",
    re.I,
)
SPOKEN_OF = {"output_truncated": LIMIT, "answer_refused": REFUSAL, "empty_answer": NOTHING}  # soft signals


def speaks_of(outer: FailingRecord, answer: FailingRecord) -> bool:
    """Whether the failure around an answer says what was wrong with it."""
    return SPOKEN_OF[answer.signal_type].search(f"{outer.error_type} {outer.message}") is not None
