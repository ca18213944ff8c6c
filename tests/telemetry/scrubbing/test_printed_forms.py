"""
Values in what programs print and code says: statements with their parameters, errors of databases, tables, commands as
lists, calls, collections, defaults, changes.

`§` stands for the secret. The texts of CLEAN look alike, and stay.
"""

from __future__ import annotations

import pytest

from telemetry.scrubbing.texts import redacted
from tests.telemetry.scrubbing.sent import scrubbed, sent

DRAWN = "Tr0ub4dor3x"
OF_DATABASES = [
    "[SQL: UPDATE users SET (name, password) = (?, ?) WHERE id = ?]\n[parameters: ('bob', '§', 5)]",
    "[SQL: SELECT * FROM t WHERE ? = token]\n[parameters: ('§',)]",
    "[SQL: SELECT id FROM t WHERE token IN (__[POSTCOMPILE_token_1])]\n[parameters: {'token_1': ['§', '§']}]",
    "[SQL: SELECT id FROM t WHERE t.api_key IN (__[POSTCOMPILE_param_1])]\n[parameters: {'param_1': ['§']}]",
    'query: INSERT INTO "users"("name", "password") VALUES ($1, $2) -- PARAMETERS: ["bob","§"]',
    'query failed: UPDATE "users" SET "password" = $1 WHERE "id" IN ($2) -- PARAMETERS: ["§",5]',
    '(0.001) UPDATE "auth_user" SET "password" = %s WHERE "id" = %s; args=(\'§\', 5); alias=default',
    "(0.000) INSERT INTO \"t\" (\"name\", \"api_key\") VALUES ('bob', '§'); args=('bob', '§'); alias=default",
    'prisma:query SELECT "id" FROM "User" WHERE "password" = $1 LIMIT $2\nprisma:params ["§",1]',
    'Query: UPDATE `User` SET `password` = ? WHERE `id` = ?\nParams: ["§",5]',
    "==>  Preparing: UPDATE users SET name = ?, password = ? WHERE id = ?\n==> "
    "Parameters: bob(String), §(String), 5(Integer)",
    "==>  Preparing: INSERT INTO users (name, password) VALUES (?, ?)\n==> Parameters: bob(String), §(String)",
    "DETAIL:  Key (token)=(§) already exists.",
    "DETAIL:  Key (email, password)=(bob@x, §) already exists.",
    'ERROR: null value in column "email" of relation "users" violates not-null '
    "constraint\nDETAIL:  Failing row contains (5, bob, §, null).",
    'Sequelize: Executing (default): INSERT INTO "Users" ("name","password") VALUES ($1,$2); ["bob","§"]',
    "knex: insert into `users` (`name`, `password`) values (?, ?) undefined bindings: [ 'bob', '§' ]",
    'User Create (0.3ms)  INSERT INTO "users" ("name", "password") VALUES (?, ?)  [["name", "bob"], ["password", "§"]]',
    "Hibernate: insert into users (name, password) values (?, ?)\nbinding parameter "
    "(1:VARCHAR) <- [bob]\nbinding parameter (2:VARCHAR) <- [§]",
    "2026-11-30 LOG:  execute <unnamed>: UPDATE users SET password = $1 WHERE id = "
    "$2\n2026-11-30 DETAIL:  parameters: $1 = '§', $2 = '5'",
    "DETAIL:  Parameters: $1 = '§', $2 = '5'\nSTATEMENT:  UPDATE users SET password = $1 WHERE id = $2",
    "[2.1ms] [rows:1] UPDATE `users` SET `password`='§' WHERE id = 5",
    'gorm: INSERT INTO "users" ("name","password") VALUES (\'bob\',\'§\') RETURNING "id"',
    'sqlx::query: summary="UPDATE users SET password = …" db.statement="UPDATE users SET password = $1" args=["§"]',
    'ecto: UPDATE "users" SET "password" = $1 WHERE "id" = $2 ["§", 5]',
    'Dapper: {"sql":"UPDATE Users SET Password=@Password WHERE Id=@Id","params":{"Password":"§","Id":5}}',
    "Doctrine\\DBAL\\Exception: An exception occurred while executing a query: UPDATE "
    'user SET password = ? with params ["§", 5]',
    'E11000 duplicate key error collection: app.users index: api_key_1 dup key: { api_key: "§" }',
    "Duplicate entry '§' for key 'users.api_key_unique'",
    "Violation of UNIQUE KEY constraint 'UQ_Users_ApiKey'. Cannot insert duplicate "
    "key in object 'dbo.Users'. The duplicate key value is (§).",
]
OF_PROGRAMS = [
    "user  password  role\nbob   §  admin\neve   §  user",
    "USER    PASSWORD    HOST\nbob     §           db1",
    "  user     password\n  ----     --------\n  bob      §",
    "db.example.com:5432:orders:bob:§",
    "*:*:*:postgres:§",
    "localhost:5432:*:bob:§",
    "['curl', '-sSu', 'me:§', 'https://x']",
    '["mysql","-uroot","-p§","db"]',
    "subprocess.CalledProcessError: Command '['mysqldump', '-u', 'root', '-p§', "
    "'db']' returned non-zero exit status 2.",
    'CMD ["redis-server", "--requirepass", "§"]',
    'args: ["redis-cli", "-a", "§", "ping"]',
    'config.setPassword("§");',
    'dataSource.setPassword("§")',
    '.username("bob").password("§").build()',
    'builder.withPassword("§")',
    'passwords.put("bob", "§")',
    'passwords = {"bob": "§", "eve": "§"}',
    "api_keys = {'bob': '§'}",
    'const password = process.env.PW || "§";',
    'password = os.environ.get("PW") or "§"',
    'password: process.env.PW ?? "§",',
    'password = os.getenv("PW", "§")',
    'String password = Optional.ofNullable(pw).orElse("§");',
    'new Credentials(new User("bob"), new Password(new Secret("§")))',
    'password = new Secret(new Plain("§"))',
    '{"op":"replace","path":"/password","old":"§","value":"§"}',
    '{"op":"test","path":"/users/0/password","value":"§"}',
    '{"field":"password","old":"§","new":"§"}',
    '{"property":"password","from":"§","to":"§"}',
    '{"path":["users",0,"password"],"value":"§"}',
    '{"op": "replace", "path": "/users/0/password", "from": "§"}',
    "Apİ_KEY=§",
    'password changed from "§" to "§"',
    'Password: "§" -> "§"',
    "token was changed from '§' to '§'",
    "export DB_PASSWORD=${DB_PASSWORD:-§}",
    ': "${API_KEY:=§}"',
    'password := os.Getenv("PW"); if password == "" { password = "§" }',
    'viper.SetDefault("db.password", "§")',
    'options.WithPassword("§")',
    'client := redis.NewClient(&redis.Options{Addr: "h:1", Password: "§"})',
    'let opts = MySqlConnectOptions::new().username("bob").password("§");',
    'PgConnectOptions::new().password("§")',
    'props.put("password", "§");',
    'props.setProperty("db.password", "§")',
    'System.setProperty("javax.net.ssl.trustStorePassword", "§")',
    'conn.Password = "§"',
    'Password = Environment.GetEnvironmentVariable("PW") ?? "§"',
    'password = ENV.fetch("PW", "§")',
    'password = ENV["PW"] || "§"',
    "$password = getenv('PW') ?: '§';",
    "$password = $_ENV['PW'] ?? '§';",
    'my $password = $ENV{PW} // "§";',
    'password = System.get_env("PW") || "§"',
    'let password = ProcessInfo.processInfo.environment["PW"] ?? "§"',
    'password = os.environ["PW"] if "PW" in os.environ else "§"',
    'passwords := map[string]string{"bob": "§", "eve": "§"}',
    'private static final Map<String, String> PASSWORDS = Map.of("bob", "§");',
    '{"passwords": {"bob": "§"}}',
    'passwords: { bob: "§" }',
    "user bob identified by §",
    "enable password 7 §",
    "<server><id>x</id><username>bob</username><password>§</password></server>",
    "Invoke-Sqlcmd -Username bob -Password §",
    "sshpass -p § ssh bob@h",
    '["sshpass","-p","§","ssh","bob@h"]',
    'execve("/usr/bin/mysql", ["mysql", "-uroot", "-p§"], 0x7ffe /* 24 vars */) = 0',
    'Command failed: ["/usr/bin/curl","-u","bob:§","https://x"]',
    "field password changed: '§' -> '§'",
    'Changed attributes: password: ["§", "§"]',
    '- password = "§" -> "§"',
    '{"diff":{"password":{"old":"§","new":"§"}}}',
    '{"changes":[{"field":"password","before":"§","after":"§"}]}',
    "updated field `api_key` from `§` to `§`",
    "PASSWORD       LAST USED\n§    2 days ago",
    "Username:  bob     Password:  §",
    "tailscale up --authkey=§",
]
CLEAN = [
    'UPDATE users SET name = ? WHERE id = ? -- PARAMETERS: ["x369yz",5]',
    "==>  Preparing: SELECT password FROM users WHERE name = ?\n==> Parameters: bobby77x(String)",
    '(0.001) SELECT "password" FROM "t" WHERE "name" = %s; args=(\'x369yz\',); alias=default',
    "parameters: ['x369yz', 7]\npassword: see above",
    "DETAIL:  Failing row contains (5, active, 2026-11-30 01:02:03+00, null, bob@example.com, t).",
    "DETAIL:  Key (email)=(bob77@example.com) already exists.",
    "Duplicate entry 'x369yz' for key 'users.email_unique'",
    "root:*:20228:0:99999:7:::",
    "app.py:5432:handler:run",
    "http://db.example.com:5432/orders:live",
    "NAME      SECRETS   AGE\ndefault   1         10d",
    "user  password  role\nthe  password  policy",
    "OPTION      PASSWORD     DEFAULT\nhelp        required     none",
    "['ls', '-la', 'src:main']",
    '["git", "commit", "-m", "pass:words"]',
    'getPassword("database")',
    'validate_password("hunter22")',
    "at Auth.checkPassword(Auth.java:12)",
    'questionary.password("Enter your password: ").ask()',
    'lexer.token("IDENT")',
    'res.cookie("session", "dark-mode")',
    "passwords.length = 3",
    'counts = {"secrets": 3, "tokens": 7}',
    'password = settings.PASSWORD or getpass("Password: ")',
    'token = response.get("token", "")',
    "the password was changed by the user",
    "password changed from the settings page",
    "token was rotated to keep it safe",
    '{"op":"move","path":"/password","from":"/old/password"}',
    '{"name":"token","from":"header","to":"query"}',
    '{"path":["users",0,"name"],"value":"x369yz"}',
]


@pytest.mark.parametrize("form", [*OF_DATABASES, *OF_PROGRAMS])
def test_a_secret_is_replaced_in_the_form(form: str) -> None:
    text = form.replace("§", DRAWN)

    kept, count = redacted(text)

    assert count >= form.count("§")
    assert DRAWN not in kept
    assert redacted(kept) == (kept, 0)
    assert scrubbed(sent({"exception.message": text}))["redacted_value"] >= form.count("§")


@pytest.mark.parametrize("text", CLEAN)
def test_what_looks_alike_stays(text: str) -> None:
    assert redacted(text) == (text, 0)


@pytest.mark.parametrize(
    "text",
    [
        "[SQL: UPDATE users SET (password, name) = (?, ?)]\n[parameters: ('§', 'bobby77x')]",
        "==>  Preparing: UPDATE t SET name = ?, password = ?\n==> Parameters: bobby(77)x(String), §(String)",
        "An exception occurred while executing 'INSERT INTO u (name, password) VALUES "
        '(?, ?)\' with params ["bobby77x", "§"]:',
        '{"field": "password", "old": "§", "new": "§", "by": "bobby77x"}',
        "id  password     name\n1   §  bobby77x",
        "['curl', '-H', 'X-Name: bobby77x', '-u', 'me:§', 'https://x']",
    ],
)
def test_the_values_beside_it_stay(text: str) -> None:
    kept, _ = redacted(text.replace("§", DRAWN))

    assert DRAWN not in kept
    assert "bobby" in kept
