"""
`user_signal`: a user was unhappy with the answer.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events/#event-gen_aievaluationresult
"""

from __future__ import annotations

SIGNAL = "user_signal"
AFTER = "malformed_output"
ABOUT = "a user was unhappy with the answer"
EXPECTATION = "The answer is one that the user does not rate down."
FIX_CATEGORY = "prompt"
IN_OUTPUT = "judged"
NO_EVAL_CHECK = "Whether a user would rate an answer down is for a judge to say, not for a program."
