r"""
What code types into a field that a call names.

    page.fill("#password", "...")   userEvent.type(screen.getByLabelText("Password"), "...")          by position
    page.locator("#password").fill("...")   driver.find_element(By.ID, "password").send_keys("...")   in a chain
    document.querySelector("#password").value = "..."   fill_in "Password", with: "..."

Sources: https://playwright.dev/docs/input, https://www.selenium.dev/documentation/webdriver/elements/interactions/,
https://pptr.dev/guides/page-interactions, https://docs.cypress.io/api/commands/type,
https://testing-library.com/docs/user-event/utility#type, https://webdriver.io/docs/api/element/setValue and
https://rubydoc.info/github/teamcapybara/capybara#interacting-with-forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.glue import BLANK, OPENING, QUOTE
from telemetry.scrubbing.named.typed.fields import BEGINNING, REST, Field, is_field, is_typed
from telemetry.scrubbing.named.values import quoted_values

VERBS = (
    "fill", "type", "typeText", "press_sequentially", "pressSequentially", "send_keys", "sendKeys", "SendKeys",
    "setValue", "set_value", "addValue", "val", "FillAsync", "TypeAsync", "PressSequentiallyAsync", "clearAndType",
    "enter_text", "enterText", "replaceText", "input_text",
)  # fmt: skip
CALL = rf"{BLANK}{{0,40}}[?!]?\.\w{{1,30}}(?:\((?:{QUOTE}?[\w .:{{}}]{{0,30}}{QUOTE}?)\))?"
CHAIN = re.compile(
    rf"{REST}(?:,[\w\s:={{}}]{{1,40}}+)?[)\]}} ]{{1,6}}+(?:{CALL}){{0,4}}?{BLANK}{{0,40}}[?!]?\."
    rf"(?:perform\()?(?:(?:{'|'.join(VERBS)})\(|value ?= ?(?!=)){OPENING}(?P<quote>{QUOTE})"
)
# `, "..."`, `), "..."`, `, with: "..."`; options of a command line have a blank alone.
NEXT_ARGUMENT = re.compile(
    rf"{REST}(?:\)|{BLANK}){{0,8}}+(?:,|(?<= )(?=[\"'\\])){BLANK}{{0,8}}"
    rf"(?:[a-z]{{1,10}} ?[:=] ?)?{OPENING}(?P<quote>{QUOTE})"
)
# The functions, read backwards from the label on: `(llif.egap`, `(yBteg.neercs(epyt.`, ` ni_llif`.
FUNCTION = re.compile(
    r"\s{0,8}(?:,[\w.$ ]{1,40}+){0,2}(?:\([\w.$]{0,60}?)?[( ](?:cnysA|txeT|ni_|_txet)?"
    r"(?:(?i:llif|epyt)|sye[kK]_?dne[sS]|yllaitneuqe[sS]_?sserp|eulaV_?te[sS]|txeT_?retne|txeT ?tupni)"
    r"(?:_(?:resworb|reeteppup|thgirwyalp|egap)|\.[\w.$]{1,40})?(?![\w])"
)


def typed_by_call(text: str, field: Field) -> Iterator[Place]:
    """The place of what a call types into the field, by position or in a chain."""
    chain = CHAIN.match(text, field.end)
    found = chain or NEXT_ARGUMENT.match(text, field.end)
    if found is None:
        return
    beginning = BEGINNING.match(field.before)
    if beginning is None or not is_field(beginning["label"][::-1]):
        return
    if not chain and not FUNCTION.match(field.before, beginning.end()):
        return
    place = quoted_values(text, found["quote"], found.end(), is_list=False)[0]
    if is_typed(field, text[slice(*place)]):
        yield place
