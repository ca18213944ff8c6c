"""
What is typed into the field of a password, where one value names the field and another one holds what is typed.

`§` stands for the secret. The texts of CLEAN look alike, and stay. UNSEEN came after the
rules: of its 52 forms 42 were found at once.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from telemetry.scrubbing.areas import everywhere
from telemetry.scrubbing.readings import secrets_in
from telemetry.scrubbing.suspicion import is_suspect
from telemetry.scrubbing.texts import redacted
from telemetry.scrubbing.work import Work
from tests.telemetry.scrubbing.sent import scrubbed, sent, values_of
from tests.telemetry.scrubbing.test_suspicion import NAMES, VALUE

TYPED = "hunter2xyz"
MARK = "[redacted]"
FORMS = [
    '{"selector":"#password","text":"§"}',
    '{"element":"Password textbox","ref":"e12","text":"§"}',
    '{"element":"Password textbox","ref":"e12","text":"§","submit":true}',
    '{"text":"§","element":"Password textbox","ref":"e12"}',
    '{"fields":[{"name":"Password","type":"textbox","ref":"e1","value":"§"}]}',
    '{"fields":[{"name":"Email field","value":"bob"},{"name":"Repeat Password field","ref":"e2","value":"§"}]}',
    '{"locator":{"role":"textbox","name":"Password input"},"value":"§"}',
    '{"selector":"input[name=\\"password\\"]","value":"§"}',
    '{"selector":"input[type=\'password\']","value":"§"}',
    '{"args":"{\\"selector\\":\\"#login-password\\",\\"text\\":\\"§\\"}"}',
    "{'xpath': \"//input[@id='pwd']\", 'keys': '§'}",
    '{"command":"type","target":"id=password","value":"§"}',
    '{"selector":"xpath=/html/body/input","description":"Password input field","method":"fill","arguments":["§"]}',
    '{"element":"API key textbox","ref":"e12","text":"§"}',
    'page.fill("#password", "§")',
    'page.locator("#password").fill("§")',
    "page.getByLabel(\"Password\").fill('§')",
    "await page.getByRole('textbox', { name: 'Password' }).fill('§');",
    "await page.getByRole('textbox', { name: 'Password', exact: true }).first().fill('§');",
    'page.get_by_role("textbox", name="Password").fill("§")',
    'driver.find_element(By.ID, "password").send_keys("§")',
    'driver.findElement(By.id("password")).sendKeys("§");',
    'driver.find_element(By.CSS_SELECTOR, "input[type=\'password\']").send_keys("§")',
    "cy.get('input[type=password]').type('§')",
    "cy.get('[data-cy=\"password\"]').clear().type('§')",
    "page.fill('input[name=\"password\"]', '§')",
    "page.type('#password', '§')",
    "userEvent.type(screen.getByLabelText('Password'), '§')",
    "fill_in 'Password', with: '§'",
    "document.querySelector('#password').value = '§'",
    "$('#password').val('§')",
    'agent-browser fill "#password" "§"',
    'browser_type(element="Password field", ref="e3", text="§")',
    'page.fill(selector="#password", value="§")',
    'type "§" into the password field',
    "Typed '§' into the password input",
    "Filled 'Password' with '§'",
    "Filled #password with: §",
    "Filled element with selector #password with value §",
    'Fill the password field with "§"',
    "entered '§' in the \"Password\" box",
    "set the password field to '§'",
    "password has been set to §",
    "changed the password to §",
    "The password was reset to §.",
    "use § as the password",
    "Use '§' as your password",
    "Password for bob: §",
    "password of bob = §",
    "echo 'bob:§' | chpasswd",
    'echo "root:§" | sudo chpasswd',
    'chpasswd <<< "bob:§"',
    "htpasswd -b file bob §",
    "htpasswd -nb bob §",
    "htpasswd -cbB /etc/nginx/.htpasswd bob §",
]
UNSEEN = [
    '{"action":"input_text","params":{"label":"Current password","text":"§"}}',
    '{"placeholder":"Enter your password","ref":"s2e4","input":"§"}',
    '{"css":"form > input.user-password:nth-child(2)","value":"§"}',
    '{"element":"\'Confirm password\' input field","target":"e31","text":"§","submit":false}',
    '{"locator":"getByLabel(\'Password\')","text":"§"}',
    '{"selector":"[placeholder=\\"Password\\"]","text":"§"}',
    '{"selector":"input#passwd","clear":true,"delay":20,"text":"§"}',
    '{"value":"§","selector":"#user_password"}',
    '{"field": "Passphrase", "keys": ["§"]}',
    '{"accessibility_id":"password","text":"§"}',
    '{"using":"css selector","selector":"#pwd","value":"§"}',
    "[{'name': 'Secret key', 'type': 'textbox', 'ref': 'f1e4', 'value': '§'}]",
    '{"field_name":"Kennwort","text_to_type":"§"}',
    r'"{\"input\":\"{\\\"element\\\":\\\"Password field\\\",\\\"ref\\\":\\\"e9\\\",\\\"text\\\":\\\"§\\\"}\"}"',
    'await page.locator(\'input[name="password"]\').fill("§");',
    "await page.getByPlaceholder('Your password').pressSequentially('§', { delay: 50 });",
    'page.get_by_test_id("password-input").type("§")',
    "await (await page.$('#password')).type('§');",
    'driver.findElement(By.xpath("//input[@name=\'password\']")).SendKeys("§");',
    'wait.until(EC.element_to_be_clickable((By.NAME, "passwd"))).send_keys("§")',
    "await $('#password').setValue('§')",
    "await t.typeText('#password', '§')",
    "await user.type(screen.getByPlaceholderText(/x/), 'a'); await user.type(getByLabelText('Confirm password'), '§')",
    'await page.FillAsync("#Password", "§");',
    'await Page.GetByLabel("Password").FillAsync("§");',
    "document.getElementById('user_pass').value = \"§\";",
    'onView(withId("password")).perform(typeText("§"))',
    'app.secureTextFields["Password"].typeText("§")',
    'fill_in("Password confirmation", with: "§")',
    "await page.locator('#pw, input[type=\"password\"]').first.fill('§')",
    "await stagehand.act(\"enter '§' into the password field\")",
    'Typing "§" into element "Password"',
    'I\'ll input "§" for the password.',
    "Entered '§' as the password",
    'Filled in the "Password" field with "§".',
    "Successfully filled #login_password with §",
    'Setting the password field\'s value to "§"',
    'Typed text "§" into [name="password"]',
    "⌨️ Input § into the password field",
    "The admin password has been reset to §",
    "Your password was changed to: §",
    "I updated her password to §.",
    "Reset the root password to '§'",
    "Log in with § as the password.",
    "Password for root@db1: §",
    "The password of user deploy: §",
    "printf 'bob:§\\n' | chpasswd",
    'echo -n "deploy:§" | /usr/sbin/chpasswd -e',
    "htpasswd -bc .htpasswd bob §",
    'htpasswd -b -B -C 10 /etc/htpasswd "bob" "§"',
    '{"command": "echo \'bob:§\' | sudo chpasswd"}',
    '{"label":"Wi-Fi passphrase","placeholder":"","value":"§"}',
]
CLEAN = [
    '{"name":"get_token","arguments":"{\\"user\\":\\"bob1\\"}"}',
    '{"name":"read_token","input":"bob12345"}',
    '{"function":{"name":"check_password","arguments":"{\\"user\\":5}"}}',
    '{"name":"validate_password","args":["bob"]}',
    '{"name":"set_password","arguments":"{\\"user\\":\\"bob\\"}"}',
    '{"description":"Update the password","arguments":"bob12345"}',
    '{"selector":"#password","text":"{\\"a\\": 1}"}',
    "The password of 12 characters: abc12345",
    'fill the form with "bob1234" and the password',
    '{"selector":"#password-help","text":"Forgot your password?"}',
    '{"selector":"#password","text":"Password"}',
    '{"name":"password_reset","value":"enabled"}',
    '{"label":"Token count","value":"512"}',
    '{"element":"Show password checkbox","ref":"e3","text":"on"}',
    "use at least 8 characters as the password",
    "password has been set to expire",
    '{"element":"Password textbox","ref":"e12"}',
    'page.click("#password"); page.fill("#user", "bob1234")',
    'page.locator("#user").fill("bob1234"); page.locator("#password").click()',
    'expect(page.getByLabel("Password")).toBeVisible(); page.getByLabel("User").fill("bob1234")',
    '[{"element":"Password textbox","ref":"e1"},{"element":"User","ref":"e1","text":"bob1234"}]',
    "type your email into the form and the password into the password field",
    "set the password to a strong value",
    '{"selector":"button.toggle-password","text":"Show"}',
    '{"selector":"label[for=password]","text":"Passwort"}',
    '{"element":"Forgot password link","ref":"e3","text":"Forgot?"}',
    '{"element":"Password textbox","ref":"e3","text":"Enter your password."}',
    '{"selector":".password-strength","value":"Strong"}',
    '{"name":"Token limit","value":"4096"}',
    '{"title":"Password policy","description":"How long","value":"12 characters"}',
    '{"name":"secret santa","value":"bob"}',
    '{"field":"password","text":"Password is required"}',
    'expect(page.locator("#password-error")).toHaveText("Too short");',
    'page.fill("#username", "bob12345"); page.click("text=Forgot password")',
    "getByRole('button', { name: 'Reset password' }).click(); getByLabel('Mail').fill('bob12345')",
    't.type("password reset", "mail2send")',
    "the password has been changed to meet the policy",
    "the password has been set to null",
    "we changed password to passphrase everywhere",
    "use the token2 field as the id of the password",
    "use bcrypt as the password hash",
    "the price of the token for 2026: 12345678",
    "[sudo] password for bob:",
    "Password for bob: required",
    "type your name into the field and then your password",
    "Typed 'bob12345' into the username field and clicked \"Forgot password\"",
    "htpasswd -c /etc/htpasswd bob2024",
    "cat users.txt | chpasswd",
    "reset the password to continue",
    "set the token to expire in 3600s",
    "Set the password to at least 12 characters",
    '{"element":"Copy API key button","ref":"e1","text":"Copied12"}',
    'page.type("#search", "password manager 2024")',
    '{"selector":"#search","text":"password2manager"}',
]


@pytest.mark.parametrize("form", [*FORMS, *UNSEEN])
def test_what_is_typed_is_replaced_and_nothing_else(form: str) -> None:
    written, kept = form.replace("§", TYPED), form.replace("§", MARK)

    assert is_suspect(written.encode())
    assert redacted(written) == (kept, 1)
    assert redacted(kept) == (kept, 0)
    assert scrubbed(sent({"note": written})) == {"redacted_value": 1}


@pytest.mark.parametrize("text", CLEAN)
def test_what_looks_alike_stays(text: str) -> None:
    assert redacted(text) == (text, 0)
    assert scrubbed(sent({"note": text})) == {}


@pytest.mark.parametrize("form", [form for form in [*FORMS, *UNSEEN] if form.startswith("{")])
def test_it_is_replaced_in_json_inside_json(form: str) -> None:
    written = json.dumps({"arguments": json.dumps({"call": form.replace("§", TYPED)})})

    assert TYPED not in redacted(written)[0]


@pytest.mark.parametrize(
    "members",
    [
        {"selector": "#password", "text": TYPED},
        {"element": "Password textbox", "ref": "e12", "text": TYPED},
        {"text": TYPED, "locator": "input[name='password']"},
        {"fields": [{"name": "Email", "value": "bob"}, {"name": "New password field", "value": TYPED}]},
        {"description": "Password input", "method": "fill", "arguments": [TYPED]},
    ],
)
def test_it_is_replaced_in_a_value_with_structure(members: dict[str, Any]) -> None:
    message = sent({"tool.arguments": members})

    assert scrubbed(message) == {"redacted_value": 1}
    assert TYPED not in json.dumps(values_of(message))


@pytest.mark.parametrize(
    "attributes",
    [
        {"tool.arguments.selector": "#password", "tool.arguments.text": TYPED},
        {"input.value.text": TYPED, "x": 1, "input.value.element": "Password textbox"},
        {"selector": "input[type=password]", "step": "3", "value": TYPED},
    ],
)
def test_it_is_replaced_beside_the_attribute_that_names_the_field(attributes: dict[str, Any]) -> None:
    message = sent(attributes)

    assert scrubbed(message) == {"redacted_value": 1}
    assert values_of(message) == {
        name: MARK if value == TYPED else value for name, value in attributes.items()
    }


@pytest.mark.parametrize(
    "attributes",
    [
        {"click.selector": "#password", "search.text": TYPED},
        {"tool.selector": "#password-help", "tool.text": "Forgot your password?"},
        {"tool.selector": "#user", "tool.text": TYPED, "note.title": "the password field"},
        {"message.name": "get_token", "message.content": "12 rows2"},
        {"tool.name": "set_password", "tool.arguments": "bob12345"},
        {"span.name": "password reset", "span.value": "enabled12"},
    ],
)
def test_attributes_of_other_objects_stay(attributes: dict[str, Any]) -> None:
    message = sent(attributes)

    assert scrubbed(message) == {}
    assert values_of(message) == attributes


def test_a_long_session_of_clicks_and_reads_stays() -> None:
    lines = [
        f"{number:04} page.click('#password'); the field was read, and its hint is 'At least {number} characters'.\n"
        for number in range(30)
    ]

    assert redacted("".join(lines)) == ("".join(lines), 0)


@pytest.mark.parametrize(
    "form",
    [
        '{"selector":"#NAME","text":"§"}',
        '{"element":"NAME field","text":"§"}',
        '{"label":"NAME-input","text":"§"}',
        '{"css":"input.NAME.big","text":"§"}',
        'page.get_by_label("NAME input").fill("§")',
        'type "§" into the NAME field',
        'type "§" into the NAME',
        "use § as the NAME",
        "NAME has been set to §",
        "NAME for bob: §",
    ],
)
def test_no_form_is_let_through_whose_value_would_be_redacted(form: str) -> None:
    texts = [form.replace("NAME", name).replace("§", VALUE) for name in NAMES]
    let_through = [text for text in texts if not is_suspect(text.encode())]

    assert [text for text in let_through if any(secrets_in(text, everywhere(text), Work(10**6)))] == []
