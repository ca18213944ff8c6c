"""
Values that a sentence tells, that a page or a drawn table shows, that a call is given by position, and those behind
glue of other signs, types and blanks.

`§` stands for the secret. The texts of CLEAN look alike, and stay.
"""

from __future__ import annotations

import pytest

from telemetry.scrubbing.suspicion import is_suspect
from telemetry.scrubbing.texts import redacted
from tests.telemetry.scrubbing.sent import scrubbed, sent

DRAWN = "Tr0ub4dor3xQ9"
TOLD = [
    "Your new API key is: §",
    "Your API key: §",
    "the AES key is §",
    "SSH key → §",
    "login failed for bob with password §",
    "use password § to log in",
    "tried with the API key § twice",
    "The temporary password for bob is `§`.",
    "The API key for user bob is now '§'",
    "the password of ci-bot was: §",
    "mot de passe : §",
    "Mot de passe: §",
]
SHOWN = [
    "<td>Password:</td><td>§</td>",
    "<TR><TD>API key :</TD>\n  <TD><code>§</code></TD></TR>",
    "<b>Password:</b> §<br>",
    "<p><strong>API key</strong>: <code>§</code></p>",
    "┌──────┬──────────┐\n│ name │ password │\n├──────┼──────────┤\n│ bob  │ §        │",
    "┏━━━━━━┳━━━━━━━━━┓\n┃ name ┃ api_key ┃\n┡━━━━━━╇━━━━━━━━━┩\n│ bob  │ §       │\n└──────┴─────────┘",
    "║ id ║ token ║\n╠════╬═══════╣\n║ 5  ║ §     ║",
    "│ name     │ bob │\n│ password │ §   │",
]
GIVEN = [
    "requests.get(url, auth=('bob', '§'))",
    'HTTPBasicAuth("bob", "§")',
    'req.SetBasicAuth("bob", "§")',
    '.basic_auth("bob", Some("§"))',
    'smtp.PlainAuth("", "bob", "§", "mail.example.com")',
    "smtp.login(user, '§')",
    'GraphDatabase.driver(uri, auth=basic("neo4j", "§"))',
    'DriverManager.getConnection(url, "bob", "§")',
    'new PasswordAuthentication("bob", "§".toCharArray())',
    "mysqli_connect('h', 'bob', '§', 'x')",
    "new PDO('mysql:host=x', 'bob', '§')",
    'new NetworkCredential("bob", "§", "CORP")',
    'new UsernamePasswordCredentials("bob", "§")',
]
BEHIND_GLUE = [
    "DB_PASSWORD\u2003=\u2003§",
    "token\u3000=\u3000§",
    "secret\u1680:\u202f'§'",
    'var password string = "§"',
    "const apiKey string = `§`",
    "var secret []byte = []byte(`§`)",
    "v_password VARCHAR2(30) := '§';",
    "password text := '§';",
    "password → §",
    "API key ➜ '§'",
    "Settings » Password » §",
    '{"password": {"$eq": "§"}}',
    "db.users.find({password: {$in: ['§', '§']}})",
    "INSERT failed while executing INSERT INTO users (name, password) VALUES (?, ?) with parameters ('bob', '§')",
    "could not run select id from users where token = $1 with params ['§']",
    "we ran UPDATE users SET password = ? WHERE id = ? (parameters: ['§', 5])",
    "QueryDict: {'csrfmiddlewaretoken': ['§'], 'user': ['bob']}",
    "csrftoken=§",
    "PRAGMA key = '§';",
    "PRAGMA rekey='§'",
    "mosquitto_pub -u bob -P § -t x",
    "ORA-01017: bob/§@//db:1521/orcl",
    "rawHeaders: [ 'Host', 'x', 'Authorization', '§' ]",
    '["Accept", "*/*", "X-Api-Key", "§"]',
]
CLEAN = [
    "Your new API key is: required",
    "the API key for user2 is v2",
    "the password for bob is required",
    "login failed with password policy2",
    "using token type bearer2, with API key version3",
    "SSH key is missing",
    "mot de passe : requis",
    "<td>Password:</td><td>required</td>",
    "<b>Password:</b> at least 8 characters<br>",
    "<td>Token:</td><td>12</td>",
    '<label>Password:</label><input id="p1">',
    "│ id │ name │\n├────┼──────┤\n│ 5  │ Tr0ub4dor3xQ9 │",
    "│ token │ 12 │\n│ password │ required │",
    "auth=('bob', password)",
    "requests.get(url, auth=('user', 'pass'))",
    'smtp.login("bob", "wrong")',
    'DriverManager.getConnection(url, "bob", "")',
    'getConnection("pool1", "reader2")',
    "new NetworkCredential(user, password)",
    'new AuthCredentials("bob", "read")',
    "password\u2003=\u2003None",
    'var passwordHint string = "first pet"',
    "a password string is fine, and any text too",
    "password → required",
    "Settings » API key » General2",
    '{"password": {"$exists": true}, "token": {"$ne": null}}',
    "ran INSERT INTO users (name, age) VALUES (?, ?) with parameters ('Tr0ub4dor3xQ9', 5)",
    "we update the set with parameters ('bob', 'Tr0ub4dor3xQ9')",
    "csrftoken missing",
    "PRAGMA journal_mode = 'wal2'; the key = 'x'",
    "mosquitto_pub -P",
    "https://example.com/a/b@//c",
    "['Host', 'Authorization', 'X-Request-Id2', 'Cookie', 'Accept-Language']",
]


@pytest.mark.parametrize("form", [*TOLD, *SHOWN, *GIVEN, *BEHIND_GLUE])
def test_a_secret_is_replaced_in_the_form(form: str) -> None:
    written = form.replace("§", DRAWN)
    kept = form.replace("§", "[redacted]")

    assert is_suspect(written.encode())
    assert redacted(written) == (kept, form.count("§"))
    assert redacted(kept) == (kept, 0)
    assert scrubbed(sent({"note": written})) == {"redacted_value": form.count("§")}


@pytest.mark.parametrize("text", CLEAN)
def test_what_looks_alike_stays(text: str) -> None:
    assert redacted(text) == (text, 0)
    assert scrubbed(sent({"note": text})) == {}
