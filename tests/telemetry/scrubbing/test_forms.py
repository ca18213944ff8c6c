"""
Values behind names in the forms that formats and programs write: a name, glue, a value.

`§` stands for the secret. Behind strong glue any value is one; behind weak glue what looks like one.
"""

from __future__ import annotations

import pytest

from telemetry.scrubbing.kinds.search import ANCHORS
from telemetry.scrubbing.shapes import FIXED
from telemetry.scrubbing.suspicion import ENCODED, PIECES
from telemetry.scrubbing.texts import redacted
from tests.telemetry.scrubbing.sent import HIDDEN, scrubbed, sent

DRAWN = "Tr0ub4dor-3x"  # looks like a secret
STRONG = [
    "{user:'a',password:'§'}",
    'mutation { login(user:"a", password:"§") { id } }',
    'const c = {host: "h", apiKey:"§"}',
    'main.Config{User:"a", Password:"§"}',
    '&main.Config{User:"a", Token:(*string)(0xc0), Password:"§"}',
    '{"name":"DB_PASSWORD","value":"§"}',
    '{"key":"api_token","value":"§"}',
    '{"value":"§","name":"DB_PASSWORD"}',
    '{"Value": "§", "Key": "DB_PASSWORD"}',
    '{"key":"password","value":{"stringValue":"§"}}',
    '[{"Name": "API_KEY", "Value": "§"}]',
    "Name=DB_PASSWORD,Value=§",
    "password%3D§",
    "user%3Da%26password%3D§%26x%3D1",
    "%7B%22token%22%3A%22§%22%7D",
    "%22token%22%3A%22§%22",
    "password&quot;: &quot;§&quot;",
    "{&quot;password&quot;:&quot;§&quot;}",
    "{&#34;password&#34;:&#34;§&#34;}",
    "{&amp;quot;api_key&amp;quot;:&amp;quot;§&amp;quot;}",
    "{\\u0022password\\u0022:\\u0022§\\u0022}",
    "{\\\\u0022token\\\\u0022: \\\\u0022§\\\\u0022}",
    "{\\x22password\\x22:\\x22§\\x22}",
    "Array ( [user] => a [password] => § )",
    'array(2) { ["user"]=> string(1) "a" ["password"]=> string(5) "§" }',
    'a:2:{s:4:"user";s:1:"a";s:8:"password";s:5:"§";}',
    '#<User id: 1, password: "§", name: "a">',
    '#<Config:0x00007f @password="§", @user="a">',
    '{:user=>"a", :password=>"§"}',
    "<password>§</password>",
    '<config password="§" user="a"/>',
    "<password><![CDATA[§]]></password>",
    '<add key="DbPassword" value="§"/>',
    '<add value="§" key="DbPassword"/>',
    '<entry key="db.password">§</entry>',
    '<property name="password"><value>§</value></property>',
    "<property><name>fs.s3a.secret.key</name><value>§</value></property>",
    "<key>password</key><string>§</string>",
    '<string name="api_key">§</string>',
    "&lt;password&gt;§&lt;/password&gt;",
    "PASSWORD\t=\t§",
    "PASSWORD\t= §",
    'pwd := "§"',
    'password == "§"',
    'password=="§"',
    'secret_key_base = "§"',
    "PresharedKey = §",
    "password2=§",
    "password_old=§",
    '{"password2": "§"}',
    '{"password_old":"§"}',
    "new_password=§",
    "new_password1=§&new_password2=§",
    '{"password_confirmation":"§"}',
    'Config { password: Some("§") }',
    'Config { api_key: Some(Secret("§")) }',
    "User(name='a', password='§')",
    "Settings(password=SecretStr('§'))",
    "ENV DB_PASSWORD §",
    "ARG API_KEY=§",
    "RUN ENV API_KEY §",
    "setx API_KEY §",
    'setx DB_PASSWORD "§" /M',
    "set -x API_TOKEN §",
    "set -gx DB_PASSWORD §",
    "setenv DB_PASSWORD §",
    '$env:API_KEY = "§"',
    '$env:DB_PASSWORD="§"',
    "$env:DB_PASSWORD = '§'",
    "aws configure set aws_secret_access_key §",
    "kubectl create secret generic x --from-literal=password=§",
    "kubectl create secret generic x --from-literal=api-key='§'",
    "machine api.example.com login u password §",
    "jdbc:oracle:thin:scott/§@//db:1521/orcl",
    '--b\\r\\nContent-Disposition: form-data; name="password"\\r\\n\\r\\n§\\r\\n--b--',
    "INSERT INTO users (name,password) VALUES ('a','§')",
    "INSERT INTO users (id, name, password, age) VALUES (1, 'a', '§', 4), (2, 'b', '§', 5)",
    "UPDATE users SET password = '§' WHERE id=1",
    "UPDATE users SET password='§', x=1",
    "ALTER USER 'a'@'h' SET password = \"§\"",
    '{"user":"a","pass":"§"}',
    "{auth: {user: 'a', pass: '§'}}",
    "Credential=AKID/20150830/us-east-1, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5§",
    "Cookie: sessionid=abc§def0123",
    "GET / sessionid=b2ksm4§a93kd8s7g6",
    "Set-Cookie: JSESSIONID=§; Path=/",
    "PHPSESSID=el4ukv0k§qdhq38sb2o1",
    "connect.sid=s%3A§Ab3dE5gH7",
    "/path;jsessionid=1A530637289A03B07199A44E8D53§",
    "https://app.example/cb?code=SplxlOBeZQQYbYS6WxSbIA§&state=xyz",
    "https://app.example/cb?state=xyz&code=4/0AX4XfWh§Ab3dE5gH7",
    "metadata: authorization=[Bearer §]",
    "map[authorization:[Bearer §] user-agent:[grpc-go/1]]",
    "Config{user='a', password='§', host='b'}",
    "Config(user=a, password=§, host=b)",
    "User(name=a, password=§)",
    "db.password=§",
    'password = "§"',
    'proxy_set_header Authorization "Basic §";',
    "SetEnv DB_PASSWORD §",
    'SetEnv DB_PASSWORD "§"',
    'RequestHeader set Authorization "Bearer §"',
    'curl -H "X-Api-Key: §" https://x',
    "curl -H 'Authorization: token §' https://x",
    "Password: `§`",
    "`password`: `§`",
    '{password, "§"}',
    '{password,<<"§">>}',
    '{:password "§" :user "a"}',
    '(password . "§")',
    'password <- "§"',
    'let password: string = "§";',
    "password: str = '§'",
    'char password[] = "§";',
    'private static final String PASSWORD = "§";',
    'val apiKey: String = "§"',
    'os.environ["API_KEY"] = "§"',
    'headers.set("Authorization", "Bearer §")',
    "option password '§'",
    "username admin password 0 §",
    'export PASSWORD="§"',
    'password="§" user=a',
    'level=info msg="x" password=§ user=a',
    '{"kty":"RSA","n":"0vx7","e":"AQAB","d":"§"}',
    '{"kty":"oct","k":"§Qw3rTy"}',
    '{"kty": "EC", "crv": "P-256", "x": "f83O", "y": "x_FE", "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9L§"}',
    "npm config set //registry.npmjs.org/:_authToken=§",
    "//registry.npmjs.org/:_authToken=§",
    "https%3A%2F%2Fuser%3A§%40host%2Fpath",
    "Authorization%3A%20Bearer%20§",
    "password=§&amp;user=a",
    "wpa_passphrase=§",
    'psk="§"',
    "vault kv put secret/x password=§",
    "heroku config:set API_KEY=§",
    "gh secret set API_KEY --body §",
    "--set auth.password=§",
    'ansible-playbook -e "db_password=§"',
    '{"headers":{"authorization":["Bearer §"]}}',
    '"authorization": "Bearer §"',
    "'PASSWORD': '§'",
    "  password: '§'",
    '\\"password\\":\\"§\\"',
    '\\\\\\"password\\\\\\":\\\\\\"§\\\\\\"',
    '{"Password":"§"}',
    "ConnectionString: Server=x;User Id=a;Password=§;",
    "encryption_key=§",
    'Dim password As String = "§"',
    "- name: DB_PASSWORD\n  value: §",
    '- name: DB_PASSWORD\n  value: "§"',
    "Array\n(\n    [user] => a\n    [password] => §\n)\n",
    "password: |\n  §",
    "user: a\npassword: |\n  §\nhost: b\n",
    "db:\n  password: >-\n    §\n",
    "[Peer]\nPresharedKey = §\n",
    "users:\n- name: a\n  user:\n    client-key-data: §\n",
    '------b\nContent-Disposition: form-data; name="password"\n\n§\n------b--',
    "| user | password |\n|------|----------|\n| a    | § |\n",
    " id | name | password\n----+------+----------\n  1 | a    | §\n  2 | b    | §\n(2 rows)\n",
    "name,password\na,§\nb,§\n",
    "id,name,api_key,created\n1,a,§,2024\n",
    "[db]\npassword = §\n",
    'variable "db" {\n  password = "§"\n}\n',
]
WEAK = [
    "password : §",
    "Password : §",
    "pwd := §",
    "secret_key_base: §",
    "db.password: §",
    "auth_basic_password §;",
    "requirepass §",
    "masterauth §",
    "**Password:** §",
    "- **Password**: §",
    "API Key: §",
    "Client secret: §",
    "password -> §",
    'setenv("DB_PASSWORD", "§", 1)',
    "formData.append('password', '§')",
    "enable secret 5 §",
    "pinentry passphrase: §",
    "password:§",
    "PASSWORD: §",
    "rails master_key: §",
    "machine api.example.com\n  login u\n  password §\n",
]
WHOLE = [
    "mnemonic: abandon ability able about above absent absorb abstract absurd abuse access accident",
    '{"mnemonic": "legal winner thank year wave sausage worth useful legal winner thank yellow"}',
    "seed phrase: legal winner thank year wave sausage worth useful legal winner thank yellow",
    '"auth": "dXNlcjpAcGFzc3dvcmQxMjM="',
    '{"auths":{"https://index.docker.io/v1/":{"auth":"dXNlcjpodW50ZXItdHdv"}}}',
    "_auth=dXNlcjpodW50ZXItdHdv",
]
QUIET = [
    "cookies: 3",
    "token: eos2",
    "the token is t1.micro",
    "A token is 4chars",
    "The access key is version3-compatible",
    'accessKey: "Alt+1"',
    'api_key="sk-..."',
    "api_key=YOUR_API_KEY",
    "token=$(cat /run/token)",
    "token=${VAR}",
    "password={{ var }}",
    'api_key=os.environ["X"]',
    'api_key = os.environ["OPENAI_API_KEY"]',
    'client = OpenAI(api_key=os.environ.get("OPENAI_API_KEY"))',
    "const key = process.env.API_KEY",
    "apiKey: process.env.OPENAI_API_KEY,",
    'publishableKey: "pk_live_51HmadeUp0023456789abcdefg"',
    "pk_live_51HmadeUp0023456789abcdefgHIJKLMN012345",
    "INVALID_TOKEN: expired",
    "ERR_BAD_PASSWORD: try again",
    "INVALID_TOKEN: expired\nnext line",
    "INVALID_TOKEN: expired\\nnext line",
    "ERR_BAD_PASSWORD: retry2 later",
    "password: incorrect",
    "token: expired",
    "password = getpass.getpass()",
    "Password Policy2",
    "access token expiry in 30d",
    "set password to something",
    "the ENV PASSWORD variable",
    'if token == "with":',
    "password: ${{ secrets.DB_PASSWORD }}",
    "password: !vault |",
    'token: str = ""',
    "user, password = x",
    "def login(user, password):",
    "Token: missing",
    '"tokens": 123',
    "token | sha256sum",
    "echo $TOKEN | docker login",
    "| Setting | Default |\n| password | none |",
    "| Setting | Default |\\n| password | none |",
    "import os, token",
    '<label for="password">Enter password</label>',
    "<th>Password</th><td>Required</td>",
    'key: "value", name: "value"',
    '{"name": "token", "type": "string"}',
    '{"name":"password","in":"query","required":true}',
    "- name: password\n  type: string\n  description: the password",
    "- name: password\\n  type: string\\n  description: the password",
    "cookie: essential",
    "secret santa 2024",
    "?code=200&x=1",
    "status&code=404",
    '{"pass": "yes", "fail": 3}',
    "tests: pass: 17 fail: 2",
    "sessionid=17",
    "mnemonic: mov",
    '"auth": "basic"',
    "password must be 8 characters",
    "Password (min. 8 chars): ",
    "PRIMARY KEY (id)",
    "api key required",
    "the api key: see docs",
    "Bearer token: see RFC6750",
]


@pytest.mark.parametrize("form", STRONG)
def test_any_value_behind_strong_glue_is_redacted(form: str) -> None:
    kept, count = redacted(form.replace("§", HIDDEN))

    assert count
    assert HIDDEN not in kept
    assert redacted(kept) == (kept, 0)


@pytest.mark.parametrize("form", [*STRONG, *WEAK])
def test_a_value_that_looks_like_a_secret_is_redacted(form: str) -> None:
    kept, count = redacted(form.replace("§", DRAWN))

    assert count
    assert DRAWN not in kept
    assert redacted(kept) == (kept, 0)


@pytest.mark.parametrize("text", WHOLE)
def test_a_value_that_its_own_look_confirms_is_redacted(text: str) -> None:
    assert redacted(text)[1] == 1


@pytest.mark.parametrize("text", QUIET)
def test_a_word_behind_glue_stays(text: str) -> None:
    assert redacted(text) == (text, 0)


@pytest.mark.parametrize(("name", "value"), [
    ("token", "expired"), ("password", "incorrect"), ("api_key", "${API_KEY}"), ("authorization", "required"),
])  # fmt: skip
def test_a_word_that_says_how_a_secret_is_stays_in_an_attribute(name: str, value: str) -> None:
    assert scrubbed(sent({name: value, "list": {name: [value]}})) == {}


def test_the_search_for_pieces_has_at_most_128_kinds_of_bytes() -> None:
    """The row of a state has a power of two of places: with more kinds of bytes the search takes a fifth more time."""
    used = set(b"".join([*PIECES, *(anchor.encode() for anchor in (*ANCHORS, *ENCODED, *FIXED))]))
    borders = {255, *used, *(byte - 1 for byte in used if byte)}

    assert len(borders) <= 128
