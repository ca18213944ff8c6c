"""
Values in what programs write around them: plans of Terraform, constructors, subscripts, operations on JSON, members.

`§` stands for the secret, `¶` for a second one.
"""

from __future__ import annotations

import pytest

from telemetry.scrubbing.texts import redacted
from tests.telemetry.scrubbing.sent import scrubbed, sent, values_of

HIDDEN, SECOND = "Xk93jd02ksQz", "Yw81hf57pqRt"
CHANGED = [
    '~ password = "§" -> "¶"', '      ~ db_password = "§" -> "¶" # forces replacement', "~ password: '§' => '¶'",
    '~ "password" = "§" → "¶"', 'api_key: "§" => "¶" (forces new resource)',
]  # fmt: skip
CONSTRUCTED = [
    'password = new String("§")', 'password = Secret.from("§")', 'let apiKey = new SecretKey("§");',
    "token = std::string('§')",
    'password = String.valueOf("§")', 'password: Secret.of("§")', 'apiKey := aws.String("§")',
    "api_key=pydantic.SecretStr('§')",
    'password = new Secret<string>("§")', 'password = Buffer.from("§")', 'password = await Secret.from("§")',
    "$password = ConvertTo-SecureString '§' -AsPlainText -Force", 'password = ConvertTo-SecureString -String "§"',
    'api_key = Secret(value="§")', 'password = (String) "§"', 'password ??= "§"', 'password = make_password("§")',
    'password = jsonencode("§")', 'client_secret = new SecureString("§")', 'secret_key = Bytes.wrap("§")',
]  # fmt: skip
SUBSCRIPTS = [
    'passwords["bob"] = "§"', 'passwords[user.id] = "§"', "config.passwords['bob'] = '§'", 'secrets[0] = "§"',
    "api_keys[:bob] = '§'", '$config["passwords"]["bob"] = "§";', "env['API_KEY'] = '§'",
    'accessKeys["eu"]["1"] := "§"',
]  # fmt: skip
MEMBERS = [
    '{"op":"replace","path":"/password","value":"§"}', '[{"op":"add","path":"/users/0/password","value":"§"}]',
    '{"value":"§","path":"/spec/api_key","op":"test"}', '{"path":"/password","op":"replace","value":"§"}',
    "op: replace\npath: /password\nvalue: §\n", '{"value":"§","type":"text","key":"password"}',
    '{"key":"api_key","type":"string","disabled":false,"value":"§"}',
    '{"name":"DB_PASSWORD","valueFrom":null,"value":"§"}',
    '{"value": "§", "comment": "of the \\u0061pp", "name": "X-Api-Key"}', "- value: §\n  name: DB_PASSWORD\n",
    '{"label":"Password","value":"§"}', '{"param":"password","val":"§"}', '{"header":"X-Api-Key","value":"§"}',
    '{"title":"Password","reprompt":0,"value":"§"}', "{'op': 'add', 'path': '/db/client_secret', 'value': '§'}",
]  # fmt: skip
CLEAN = [
    "~ password = (sensitive value)", '~ name = "a1" -> "b2"', '{"password" => {"type" => "text"}}',
    'token["type"] = "bearer7"', 'password = Settings.get("x9-y")', 'credentials["username"] = "bob77"',
    '{"op":"replace","path":"/passwords-policy","value":"x99"}', '{"path":"/password","content":"x99"}',
    '{"op":"remove","path":"/password"}', '{"name":"password","type":"string","required":true}',
    "- name: password\n  valueFrom: x\n- name: port\n  value: x99\n", '{"value":"x99","name":"port"}',
    '{"value": "x99"}, {"name": "password"}', 'password = models.CharField("Your password")',
]  # fmt: skip


@pytest.mark.parametrize("form", [*CHANGED, *CONSTRUCTED, *SUBSCRIPTS, *MEMBERS])
def test_the_values_are_redacted(form: str) -> None:
    text = form.replace("§", HIDDEN).replace("¶", SECOND)

    kept, count = redacted(text)

    assert (HIDDEN in kept, SECOND in kept, count) == (False, False, 1 + form.count("¶"))
    assert redacted(kept) == (kept, 0)
    assert scrubbed(sent({"note": text})) == {"redacted_value": count}


def test_an_operation_on_json_as_an_attribute_is_read_like_its_text() -> None:
    operation = {"op": "replace", "path": "/login/password", "value": HIDDEN}
    message = sent({"patch": [operation]})

    assert scrubbed(message) == {"redacted_value": 1}
    assert HIDDEN not in str(values_of(message))


@pytest.mark.parametrize("text", CLEAN)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == (text, 0)
