"""
The forms in which programs and people write a name and its value: `NAME` stands for the name, `§` for the value.

They are in groups by how a value is written in them: `written` is what becomes of its characters, and `signs` are those
that a value can have there beside letters and digits.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

EVERY_SIGN = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~é—\t"
Writer = Callable[[str], str]


BARE_SIGNS = "!#$%*+-./:=?@^_`~é—&;,|'\"<>\\"
LINE_SIGNS = "!#$%*+-./:=?@^_`~é—&;,|'\"<>\\"


class Forms(NamedTuple):
    """Forms in which a value is written alike."""

    written: Writer
    signs: str
    forms: tuple[str, ...]


def in_json(value: str) -> str:
    """The value between the quotes of JSON, and of the many languages whose escapes are those of C."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def without(signs: str) -> str:
    """Every sign but these."""
    return "".join(sign for sign in EVERY_SIGN if sign not in signs)


QUOTED = Forms(in_json, EVERY_SIGN, (
    'Config {\n    NAME: Some(\n        "§",\n    ),\n}', '#{<<"NAME">> => <<"§">>}', ' $ NAME: chr "§"',
    '{"NAME": {"type": "string", "value": "§"}}', '{"NAME":{"sensitive":true,"type":"string","value":"§"}}',
    'object(A)#1 (1) {\n  ["NAME":protected]=>\n  string(13) "§"\n}', '["NAME":"A":private]=>\n string(13) "§"',
    '[{"k": "NAME", "v": "§"}]', '[{"field": "NAME", "newValue": "§"}]', 'variable "NAME" {\n  default = "§"\n}',
    '["tool", "--NAME", "§"]', '{"NAME": {"current": "§"}}',
    '{"a": 1, "NAME": "§"}', '{"a":1,"NAME":"§","b":2}', '{"NAME": ["§", "x"]}', '{"a": 1,\n  "NAME": "§"\n}',
    '{"NAME"   :   "§"}', '{"NAME":\n\n  "§"}', '[{"key": "NAME", "value": "§"}]', '[{"name":"NAME","value":"§"}]',
    '[{"value": "§", "name": "NAME"}]', '{"NAME": {"value": "§"}}', '{"key":"NAME","value":{"stringValue":"§"}}',
    'Config(user="bob", NAME="§")', '#<User id: 1, NAME: "§">', '{:NAME=>"§", :a=>1}',
    '#<Foo:0x0001 @NAME="§", @b=1>', '%{NAME: "§", a: 1}', '[NAME: "§"]', '{:NAME "§" :a 1}',
    'main.C{User:"bob", NAME:"§"}', 'map[string]string{"NAME":"§"}', 'level=ERROR NAME="§" a=b',
    'Config { user: "bob", NAME: "§" }', 'Config { NAME: Some("§") }', '  - NAME: "§"', '["NAME": "§"]',
    'NAME: Optional("§")', '{\n  NAME = "§";\n  a = 1;\n}', '[db]\nNAME = "§"\n', 'user: bob\nNAME: "§"\n',
    '- name: NAME\n  value: "§"\n', 'Dim NAME As String = "§"', '$env:NAME="§"', 'setx NAME "§"',
    'declare -x NAME="§"', 'Connect-X -NAME "§"', 'NAME := "§"', 'NAME == "§"', 'let NAME: &str = "§";',
    'const char NAME[] = "§";', 'HttpRequest(headers={"NAME": "§"})', 'NAME += "§"', 'user: "bob" NAME: "§"',
    'mutation { login(user: "bob", NAME: "§") { id } }', '("user" . "bob") (NAME . "§")',
    'App {#12\n  -NAME: "§"\n  +id: 1\n}', 'array:1 [\n  "NAME" => "§"\n]', '{NAME,"§"}', '#{NAME => <<"§">>}',
    'user="bob" NAME="§"', 'os.environ["NAME"] = "§"', 'proxy_set_header X-NAME "§";', 'SetEnv NAME "§"',
    '{"a":1,"NAME":"§', 'map.put("NAME", "§")', 'setenv("NAME", "§")',
    '(:user "bob" :NAME "§")', 'std::make_pair("NAME", "§")', 'invalid NAME: "§"',
))  # fmt: skip
NESTED = Forms(
    lambda value: in_json(in_json(value)),
    EVERY_SIGN,
    ('{"a": "{\\"NAME\\": \\"§\\"}"}',),
)
SINGLE = Forms(lambda value: value.replace("\\", "\\\\").replace("'", "\\'"), EVERY_SIGN, (
    "Command '['tool', '--NAME', '§']' returned non-zero exit status 2.",
    "{'user': 'bob', 'NAME': '§'}", "Config(user='bob', NAME='§', port=5)", "Settings(NAME=SecretStr('§'))",
    "$VAR1 = {\n  'NAME' => '§'\n};", "{ user: 'bob', NAME: '§' }", "Map(1) { 'NAME' => '§' }",
    "array (\n  'NAME' => '§',\n)", "User{name='bob', NAME='§'}", "export NAME=$'§'\n", "host=h NAME='§' x=y",
    "INSERT INTO u (a, NAME) VALUES ('x', '§')", "UPDATE u SET NAME = '§' WHERE id = 1",
    "define('NAME', '§');",
))  # fmt: skip
DOUBLED = Forms(lambda value: value.replace("'", "''"), without("\\"), (
    "WHERE NAME <> '§'", "WHERE NAME IN ('§', 'x')", "WHERE NAME LIKE '§'", "WHERE NAME = crypt('§', x)",
    "WHERE NAME != '§'", "SET NAME=MD5('§')",
    "UPDATE u SET NAME = '§' WHERE id = 1", "INSERT INTO u (a, NAME) VALUES ('x', '§')", "user: bob\nNAME: '§'\n",
    "$NAME = '§'", "WHERE NAME='§' AND x=1",
))  # fmt: skip
# One word in quotes behind white space; of several it could be a sentence.
SPACED = Forms(in_json, without(" '\t"), (
    '(define NAME "§")', 'using NAME "§"', "ALTER USER bob WITH NAME '§'", "login failed for bob with NAME '§'",
))  # fmt: skip
BARE = Forms(str, BARE_SIGNS, (
    "map[NAME:§ user:bob]", "map[user:bob NAME:§]", "NAME:§ user:bob", "tool /NAME:§", "the NAME is §.",
    "\x1b[36mNAME\x1b[0m=\x1b[1;35m§\x1b[0m", "\\u001b[36mNAME\\u001b[0m=\\u001b[35m§\\u001b[0m", "NAME=3D§",
    "aws ssm put-parameter --name NAME --value § --type SecureString",
    "{User:bob NAME:§}", "&{bob NAME:§}", "User(name=bob, NAME=§)", "{user=bob, NAME=§}",
    "com.x.User@1f[name=bob,NAME=§]", "Map(user -> bob, NAME -> §)", "level=ERROR msg=x NAME=§",
    "user=bob|NAME=§|x=1", "{ User = bob, NAME = § }", "{user: bob, NAME: §}", "name=bob NAME=§",
    "docker run -e NAME=§ img", "--build-arg NAME=§", "tool --NAME §", "tool --NAME=§", "Connect-X -NAME §",
    "helm upgrade --set db.NAME=§ x", "gh secret set NAME --body §", "setenv NAME §\n", "set -x NAME §\n",
    "ENV NAME §\n", "SetEnv NAME §\n", "https://h/p#NAME=§&x=1", "https://h/?user[NAME]=§",
    "https://h/?user%5BNAME%5D=§", "login with NAME §", "NAME §\n", "**NAME**: §\n", "NAME -> §",
    '--b\r\nContent-Disposition: form-data; name="NAME"\r\n\r\n§\r\n--b--',
))  # fmt: skip
BELOW = Forms(str, "!$%*+-./:=?@^_`~é—&;,|<>\\", (
    "NAME:\n  - §\n  - x\n", "NAME:\n  §\n", "NAME:\n  value: §\n", 'NAME:\n  "§"\nuser: bob\n',
))  # fmt: skip
ESCAPED = Forms(str, without("\"'`<>&%\\\t"), (
    '{\\042NAME\\042: \\042§\\042}', "{&#34NAME&#34: &#34§&#34}", "{“NAME”: “§”}",
    "%22NAME%22%3A%22§%22", "%2522NAME%2522%253A%2522§%2522", "{&quot;NAME&quot;: &quot;§&quot;}",
    "{&#34;NAME&#34;: &#34;§&#34;}", "{&#x22;NAME&#x22;:&#x22;§&#x22;}", "{\\u0022NAME\\u0022: \\u0022§\\u0022}",
    "{\\x22NAME\\x22: \\x22§\\x22}", "&lt;NAME&gt;§&lt;/NAME&gt;", 'a:1:{s:8:"NAME";s:13:"§";}',
    'array(1) {\n  ["NAME"]=>\n  string(13) "§"\n}', "- **NAME:** `§`\n", "`NAME`: `§`",
))  # fmt: skip
PARAMETERS = Forms(str, "!#$%*+-./:=?@^_~é—", (
    "https://h/p?user=b&NAME=§", "user=bob&NAME=§", "https://h/p;NAME=§?x", "Set-Cookie: NAME=§; Path=/",
    "Server=h;User Id=u;NAME=§;", "https://h/?next=https%3A%2F%2Fx%2F%3FNAME%3D§",
    "| name | value |\n|---|---|\n| NAME | § |\n",
))  # fmt: skip
LINES = Forms(str, LINE_SIGNS, (
    "Foo Object\n(\n    [NAME:protected] => §\n    [NAME:Foo:private] => §\n)\n",
    "NAME=§\n", "export NAME=§\nX=1\n", "set NAME=§\r\necho\r\n", "spring.datasource.NAME=§\n",
    "[db]\nuser = bob\nNAME = §\n", "[db]\nuser: bob\nNAME: §\n", "user: bob\nNAME: §\n",
    "env:\n- name: NAME\n  value: §\n", "data:\n  NAME: §\nkind: x\n", "X-NAME: §\r\nHost: h\r\n",
    "host: h\nx-NAME: §\n", "> X-NAME: §\n", "//registry/:_NAME=§\n", "NAME: |\n  §\n", "NAME: >-\n  §\n",
    "Array\n(\n    [user] => bob\n    [NAME] => §\n)\n", "dn: cn=x\nNAME:: §\n", "NAME:   §\nLogin ok\n",
))  # fmt: skip
TABLES = Forms(str, without(" \"',;|\t"), (
    " user | NAME \n------+-----\n bob  | §\n", "user     | bob\nNAME | §\n",
    "| user | NAME |\n|---|---|\n| bob | § |\n", "+---+---+\n| user | NAME |\n+---+---+\n| bob | § |\n+---+---+",
    "user,NAME\nbob,§\n", "user;NAME\r\nbob;§\r\n", "user\tNAME\nbob\t§\n", "id\tNAME\trole\n1\t§\tadmin\n",
))  # fmt: skip
MARKUP = Forms(html.escape, without(" \t"), (
    "<tr><td>NAME</td><td>§</td></tr>", "<dt>NAME</dt><dd>§</dd>",
    "<NAME>§</NAME>", '<add key="NAME" value="§"/>', '<bean NAME="§"/>', '<property name="NAME">§</property>',
    '<property name="NAME"><value>§</value></property>', '<wsse:NAME Type="x">§</wsse:NAME>',
    "<NAME>\n   §\n</NAME>", '<setting name="NAME" serializeAs="String"><value>§</value></setting>',
    "<key>NAME</key>\n<string>§</string>", '<input type="password" name="NAME" value="§">',
    '<input value="§" name="NAME">',
))  # fmt: skip
ENCODED = Forms(lambda value: quote(value, safe=""), EVERY_SIGN, (
    "https://h/?a=b&NAME=§&c=d", "a=b&NAME=§&c=d", "GET /x?NAME=§ HTTP/1.1",
))  # fmt: skip
GROUPS = {
    "quoted": QUOTED, "nested": NESTED, "single": SINGLE, "doubled": DOUBLED, "spaced": SPACED,
    "bare": BARE, "below": BELOW, "escaped": ESCAPED,
    "parameters": PARAMETERS, "lines": LINES, "tables": TABLES, "markup": MARKUP, "encoded": ENCODED,
}  # fmt: skip
ALL = [form for group in GROUPS.values() for form in group.forms]
