"""
Stack traces as text, of any language: the exceptions that a text holds, with their causes and frames.

`parsed_stack` reads a text by the language whose form it has. Each language is one file of
`telemetry/stacks/languages`. May import nothing of LoopKit but the layer below it.
"""

from telemetry.stacks.reading import frame_of, parsed_stack

__all__ = ["frame_of", "parsed_stack"]
