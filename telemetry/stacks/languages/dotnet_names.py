"""
Names that the compilers of .NET make, and the written names in them.

C#: https://github.com/dotnet/roslyn/blob/main/src/Compilers/CSharp/Portable/Symbols/Synthesized/GeneratedNameKind.cs
(`<Method>d__1` a state machine, `<Method>b__1_0` a lambda, `<Method>g__Local|1_0` a local function,
`<>c__DisplayClass`). F#: a closure is `function@line`. Visual Basic: `VB$StateMachine_1_Method`, `_Lambda$__1`.
"""

from __future__ import annotations

import re

LOCAL_FUNCTION = re.compile(r"<{1,4}(?P<method>[\w.$]{1,200})>[\w$]{0,3}g__(?P<local>\w{1,200})\|[\d_]{1,20}")
IN_METHOD = re.compile(
    r"<{1,4}(?P<method>[\w.$]{1,200})>\$?>{0,3}(?:[a-z](?:__[\d_]{0,20})?)?(?:`\d{1,3})?>?d?(?:__\d{1,9})?"
)
FORMS = (
    (re.compile(r"[.+]<>c(?:__DisplayClass[\d_]{0,20})?(?:`\d{1,3})?(?:<[^<>\n]{0,200}>)?(?=[.+])"), ""),
    (LOCAL_FUNCTION, r"\g<method>.\g<local>"),
    (IN_METHOD, r"\g<method>"),
    (re.compile(r"VB\$StateMachine_\d{1,9}_(\w{1,200})"), r"\1"),
    (re.compile(r"\._Closure\$__[\d-]{0,20}"), ""),
    (re.compile(r"(?<=[\w>])>d(?:__\d{1,9})?(?=[.+])"), ""),
    (re.compile(r"\.MoveNext$"), ""),
    (re.compile(r"(?<!\w)([A-Za-z_]\w{0,200}+)@\d{1,9}(?:-\d{1,9})?(?:\.Invoke)?"), r"\1"),
    (re.compile(r"`\d{1,3}|\[[^\[\]\n]{0,300}\]"), ""),
)


def dotnet_name(function: str) -> str:
    """Return namespace, class and method as they were written: `Shop.Repo.Find` for `Shop.Repo.<Find>d__5.MoveNext`."""
    for form, replacement in FORMS:
        function = form.sub(replacement, function)
    return function.replace("+", ".")
