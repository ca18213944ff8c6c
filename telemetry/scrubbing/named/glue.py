r"""
Glue: whatever a program writes between a name and its value. One expression reads it, in one of these families:

    separated   password=   "password": "   [password] =>   Password: Some("   password: str = '   ["k"]=> string(5) "
    listed      "DB_PASSWORD", "value": "   name: DB_PASSWORD\n  value:   key="DB_PASSWORD" value="
    paired      ("x-api-key", "   {password, <<"   s:8:"password";s:5:"
    part        form-data; name="password"\r\n\r\n
    spaced      ENV PASSWORD     --password     login u password
    marked      <password>   <entry key="password">   <key>password</key><string>   <password><![CDATA[

Quotes may be escaped any number of times, as in JSON inside JSON; readings.py decodes the escapes of URLs, of HTML and
of JSON before. Every repetition is bounded, so that the glue behind one name is read in constant time.
"""

from __future__ import annotations

import re

from telemetry.scrubbing.named.name import Name

QUOTE = r"\\{0,15}[\"'`]"
SPACE = r"(?:[ \t]|\\{1,15}t)"
LINE = r"(?:\r?\n|(?:\\{1,15}r)?\\{1,15}n)"
BLANK = r"(?:\s|\\{1,15}[nrt])"
# What ends a name: a quote, a bracket, two stars of Markdown, `>>` of Erlang, the visibility of a member of PHP.
CLOSE = rf"(?:{QUOTE}|\[?\]|\*\*|>>|(?::{QUOTE}?[A-Za-z_][\w.]{{0,60}}+{QUOTE}?)?:(?:protected|private))"
# A type of texts behind a name, and a blank before it: https://go.dev/ref/spec#Variable_declarations,
# https://learn.microsoft.com/sql/t-sql/language-elements/declare-local-variable-transact-sql,
# https://www.postgresql.org/docs/current/plpgsql-declarations.html
DECLARED = (
    r"(?<=[ \t])(?:\*?string|\[\d{0,4}\](?:byte|rune)|any|(?i:n?(?:var)?char2?(?:\(\w{1,6}\))?|text)) (?=:?=)"
)
# The type between a name and its value: `password: str = "..."`, `&'static str =` of Rust, `Dim password As String =`.
TYPE = (
    r"(?:(?::|[Aa]s ) ?(?:&(?:'[a-z]{1,20} )?)?[A-Za-z_][\w.?<>|]{0,40}+(?: (?==)|(?==\\{0,15}[\"'`]))"
    rf"|\([a-z]{{1,12}}\) ?(?=[:=])|{DECLARED})"
)
# Words and unequal signs of SQL stand before a text in quotes alone.
SEPARATOR = (
    r"=>|:=|={1,3}|::?|->|<-|\?{1,2}=|\|\|=|\+=|[|│┃║]|[→⇒➜➔»]"
    r"|(?:!=|<>|(?i:not )?(?i:in|i?like))(?=[ \t]{0,4}\(?[ \t]{0,4}\\{0,15}['\"])"
)
# Functions of SQL that store a password.
FUNCTION = (
    r"(?i:crypt|md5|sha[12]?|sha(?:224|256|384|512)|hash|hashbytes|password|old_password|encrypt|aes_encrypt"
    r"|pgp_sym_encrypt|to_char|trim|lower|upper|encode|digest|hashpw|make_password|generate_password_hash"
    r"|(?:json|base64)encode|sensitive)\("
)
# A constructor, also one of a module: `Some(`, `new String(`, `pydantic.SecretStr(`; and what makes a value of a text:
# `Secret.from(`, `String.valueOf(`. What reads one takes the name of a secret: `Settings.get(`.
NO_READER = r"(?!Get|Read|Load|Fetch|Find|Env|Lookup|Random)"
OF_TEXT = (
    rf"{NO_READER}(?=\w{{0,40}}(?:Secret|Str|Pass|Token|Key|Credential|Sensitive|Text|Byte|Buffer|Char))"
)
MAKER = r"(?:\.|::)(?:(?:from|of|new|create|make|wrap|value_?of|parse)(?:_?(?:str|string|text|utf8|bytes))?)"
CONSTRUCTOR = (
    rf"(?:{NO_READER}[A-Z][\w:]{{0,40}}+\("
    rf"|(?:(?:new|await) ){{0,2}}(?:[a-z_]\w{{0,30}}+(?:\.|::)){{0,3}}{OF_TEXT}[A-Z]\w{{0,40}}+"
    rf"(?:<[\w:, &]{{1,40}}>)?(?i:{MAKER})?\("
    rf"|(?:await )?{NO_READER}[A-Z]\w{{0,40}}+(?i:{MAKER})\(|std::w?string\(|toCharArray\("
    r"|(?<=\()new [A-Z][\w.]{0,40}+\()"
)
# What is written around a value in quotes: a constructor, the prefix of a literal, a length, a bracket, a tag of YAML.
WRAP = (
    rf"(?:{FUNCTION}|{CONSTRUCTOR}|ConvertTo-SecureString(?: -String)?(?= )"
    r"|(?:value|text|data|string)=(?=\\{0,15}[\"'])"
    r"|string\(\d{1,9}\) |(?:str|bytes|string|\[\](?:byte|rune))\("
    r"|s:\d{1,9}:|chr (?=\")|b?r?#{1,4}(?=\\{0,15}\")"
    r"|(?:[bBuUrRfFL@$&]|\([A-Za-z]{3,12}\) ?){1,2}(?=\\{0,15}[\"'])|<<|[\[(]|!!?[a-z]{1,20} )"
)
# An object that holds the value alone: `{"stringValue": "..."}` of OTLP, `{"S": "..."}` of DynamoDB.
# or an operator of MongoDB before it: https://www.mongodb.com/docs/manual/reference/operator/query-comparison/
# A member before it may be its type, as in the outputs of Terraform.
PLAIN_MEMBER = (
    rf"(?:{QUOTE}[A-Za-z_]{{1,20}}{QUOTE} {{0,4}}: {{0,4}}{QUOTE}?\w{{1,20}}{QUOTE}?,{BLANK}{{0,8}})"
)
MEMBER = (
    rf"(?:\{{{BLANK}{{0,8}}{PLAIN_MEMBER}{{0,3}}(?:{QUOTE}(?:(?i:(?:string_?)?value|text|current|new|plain(?:text)?)|S){QUOTE}"
    rf"|{QUOTE}?\$(?:eq|ne|in|nin|literal){QUOTE}?)"
    r" {0,4}: {0,4})"
)
OPENING = rf"{BLANK}{{0,8}}+(?P<wrap>(?:(?:{MEMBER}|{WRAP})(?: |{LINE}[ \t]{{0,40}})?){{0,4}}+)"
VALUE = (
    rf"{QUOTE}?(?:[A-Za-z]{{1,20}}[-_]?)??(?P<member>(?i:(?:string_?)?value|content|val|default|data|text|argument|old|new|previous|original|from|to|before|after|v)){QUOTE}?"
    rf"{SPACE}{{0,8}}+(?:=>|=|:)"
)
# A member between a name's and its value's: `"type": "secret", `.
OTHER = (
    rf"(?!{QUOTE}?(?i:name|key)\b){QUOTE}?[A-Za-z_]{{1,20}}+{QUOTE}?{SPACE}{{0,4}}[=:]{SPACE}{{0,4}}"
    rf"(?:{QUOTE}[^\"'`\\\r\n]{{0,120}}+{QUOTE}|[\w -]{{0,40}}+|\[\]|\{{\}})(?:[,;]{BLANK}{{0,16}}|{BLANK}{{1,16}})"
)
# What parts a collection of secrets, and whose secret it is: `passwords["bob"]`, `secrets[:db]`, `api_keys[user.id]`.
SUBSCRIPT = rf"\[(?:{QUOTE}[^\"'`\\\]\r\n]{{1,64}}+{QUOTE}|:?\w[\w.]{{0,64}}+)\]"

SEPARATED = re.compile(
    rf"(?P<close>{CLOSE}{{0,4}}+)(?P<subscript>(?:{SUBSCRIPT}){{0,3}}+)(?P<before>{SPACE}{{0,40}}+){TYPE}?(?P<separator>{SEPARATOR})"
    rf"(?P<gap>(?:{SPACE}|\*\*){{0,40}}+)(?P<block>(?:[|>][+-]?\d?|<<[-~]?\w{{1,20}})[ \t]{{0,8}}{LINE})?"
    rf"(?:{OPENING}(?P<quote>{QUOTE}))?"
)
LISTED = re.compile(
    rf"{QUOTE}?{BLANK}{{0,8}}+(?:[,;]{BLANK}{{0,16}}+)?(?:-[ ]|\{{{BLANK}{{0,16}}+)?(?:{OTHER}){{0,4}}?{VALUE}"
    rf"(?P<gap>{SPACE}{{0,8}}+)"
    rf"(?:{OPENING}(?P<quote>{QUOTE}))?"
)
PAIRED = re.compile(rf"(?P<close>{QUOTE}?){SPACE}{{0,4}}+(?P<separator>[,;]){OPENING}(?P<quote>{QUOTE})")
PART = re.compile(
    rf"{QUOTE}(?:; ?filename=[^\r\n\\]{{0,100}}+)?(?:{LINE}[\w-]{{1,40}}+: ?[^\r\n\\]{{0,100}}+){{0,3}}{LINE}{LINE}"
)
# A plain word behind white space is one of a sentence; behind an option it is a value.
SPACED = re.compile(
    rf"{SPACE}{{1,40}}+(?![^\W\d_A-Z]{{1,13}}(?:[\s.,;:!?)]|\Z))(?:[0-9] |\. |--(?:body|value|secret-string)[ =])?"
    rf"(?:{OPENING}(?P<quote>{QUOTE}))?(?=\S)"
)
BEHIND_OPTION = re.compile(rf"{SPACE}{{1,40}}+(?:{OPENING}(?P<quote>{QUOTE}))?(?=[^\s-])")
MARKED = re.compile(
    rf"(?:(?P<key></[\w:.-]{{1,40}}+>)(?={BLANK}{{0,8}}<[A-Za-z])|{QUOTE}?[^<>]{{0,200}}+>)(?:{BLANK}{{0,8}}(?:<!\[CDATA\[|<[A-Za-z][^<>]{{0,80}}+>)){{0,2}}"
    r"(?P<value>(?:[^<>\]]|\](?!\]>)){1,4096}+)(?:\]\]>)?<"
)
# The value behind a label: `<td>Password:</td><td>...</td>`, `<b>Password:</b> ...<br>`.
LABELLED = re.compile(
    rf"{SPACE}{{0,4}}:?{SPACE}{{0,4}}</(?i:td|th|dt|b|strong|em|i|label|span|p|div)>:?{BLANK}{{0,8}}"
    rf"(?:<(?!/)[^<>]{{0,80}}+>{BLANK}{{0,8}}){{0,3}}(?P<value>[^\s<>]{{1,512}}+)(?=\s{{0,8}}(?:<|\n|\Z))"
)
LISTED_NAME = re.compile(  # read backwards
    rf"(?:(?:[\"'`]) {{0,4}}(?:elbairav|tuptuo)(?!\w)"
    rf"|(?:[\"'`]\\{{0,15}})?{SPACE}{{0,4}}[=:]{SPACE}{{0,4}}(?:[\"'`]\\{{0,15}})?"
    r"(?i:eman|yek|k(?!\w)|di|epyt|ytreporp|retemarap|marap|elbairav|redaeh|dleif|rav|lebal|eltit))"
)
# The path of an operation on JSON, read backwards from its last part: https://www.rfc-editor.org/rfc/rfc6902#section-4
# and https://www.rfc-editor.org/rfc/rfc6901
POINTER = re.compile(
    rf"(?:/[\w.~-]{{0,64}}+){{1,16}}+(?:[\"'`]\\{{0,15}})?{SPACE}{{0,4}}:{SPACE}{{0,4}}(?:[\"'`]\\{{0,15}})?htap(?!\w)"
)
# A path as a list, read backwards from its last part, and its end: `"path": ["users", 0, "password"]`.
LIST_PATH = re.compile(
    r"[\"'`]\\{0,15}(?:\s{0,4},\s{0,4}(?:[\"'`]\\{0,15})?[\w.$-]{1,64}+(?:[\"'`]\\{0,15})?){0,8}\s{0,4}\["
    r"\s{0,4}:\s{0,4}(?:[\"'`]\\{0,15})?htap(?!\w)"
)
LIST_PATH_END = re.compile(rf"{QUOTE}\s{{0,4}}\](?=\s{{0,4}},)")
# `"value": "...", "name": "DB_PASSWORD"`, read backwards from the name on; members may stand between the two.
QUOTE_BACKWARDS = r"(?:[\"'`]\\{0,15})"
OTHER_BACKWARDS = (
    rf"(?:{QUOTE_BACKWARDS}[^\"'`\\\r\n]{{0,120}}+{QUOTE_BACKWARDS}|\w{{1,40}}+)[ \t]{{0,4}}[=:][ \t]{{0,4}}"
    rf"{QUOTE_BACKWARDS}?[A-Za-z_]{{1,20}}+{QUOTE_BACKWARDS}?\s{{0,8}},\s{{0,8}}"
)
VALUE_BEFORE = re.compile(
    rf"(?:/[\w.~-]{{0,64}}+){{0,16}}+{QUOTE_BACKWARDS}?[ \t]{{0,4}}[=:][ \t]{{0,4}}{QUOTE_BACKWARDS}?"
    rf"(?i:(?:eman|yek)[A-Za-z]{{0,20}}|htap|lebal|redaeh|dleif){QUOTE_BACKWARDS}?+"
    rf"\s{{0,8}},?\s{{0,8}}(?:{OTHER_BACKWARDS}){{0,4}}?"
    r"(?:(?P<quote>[\"'`]\\{0,15})(?P<value>(?:[^\"'`]|[\"'`](?!\\{0,15}[ \t]{0,4}[=:])){1,512}+)(?P=quote)"
    rf"[ \t]{{0,4}}[=:][ \t]{{0,4}}|(?P<bare>[^\s\"'`,{{}}\[\]]{{1,512}}+)[ \t]{{1,4}}:)"
    rf"{QUOTE_BACKWARDS}?(?i:eulav)(?!\w)"
)
# The attribute of an element that holds its value, others before it: `<password id="p" value="`.
OTHER_ATTRIBUTE = rf"[A-Za-z_:][\w:.-]{{0,40}}+={QUOTE}[^\"'<>\\]{{0,80}}+{QUOTE} {{1,4}}"
VALUE_ATTRIBUTE = re.compile(
    rf"(?:{QUOTE})?{BLANK}{{1,8}}(?:(?!value=){OTHER_ATTRIBUTE}){{0,6}}value=(?P<quote>{QUOTE})"
)
# The value that a library could not use, behind the name of its field: pydantic, and the answers made of its errors.
# https://docs.pydantic.dev/latest/errors/errors/
TOLD = rf"(?:{QUOTE}msg{QUOTE} {{0,4}}: {{0,4}}{QUOTE}[^\"\\]{{0,300}}+{QUOTE} {{0,4}},{BLANK}{{0,16}})"
INPUT = re.compile(
    rf"(?:(?<=\w){LINE}[ \t]{{1,8}}[^\n\\]{{0,300}}?\binput_value="
    rf"|{QUOTE}\] {{0,4}},{BLANK}{{0,16}}{TOLD}?{QUOTE}input{QUOTE} {{0,4}}: {{0,4}})(?P<quote>{QUOTE})"
)
# `Key (api_key)=(...) already exists.` of https://www.postgresql.org/docs/current/errcodes-appendix.html
KEY_DETAIL = re.compile(r"\)=\((?P<value>[^()\n]{1,512}+)\)")
# An argument behind an option in a list, in quotes or not.
NEXT_ARGUMENT = re.compile(
    rf"{QUOTE}?{SPACE}{{0,4}}+,{BLANK}{{0,8}}+(?:(?P<quote>{QUOTE})|(?P<bare>[^\s,\"'`\]-][^\s,\"'`\]]{{0,255}}+))"
)
# A map of Go, read backwards from a name in it: `map[user:bob password:`.
IN_MAP = re.compile(r"(?:[^\s\[\]]{0,80} ){0,8}\[pam")
# The lines below a name in YAML: a list of values, a value alone, or a member that is the value.
BELOW = re.compile(
    r"[ \t]{0,8}\r?\n(?P<indent>[ \t]{0,40})(?:(?P<item>- )|(?<=[ \t])(?:value:[ \t]{1,8})?)"
    r"[\"']?(?P<value>[^\s\"'#:{\[|>&!-](?:[^\s\"'#]|[ \t](?=[^\s#])){0,255}+)[\"']?[ \t]{0,8}(?:\r?\n|\Z)"
)
MOST_BELOW = 16


def end_of_list_path(text: str, name: Name) -> int | None:
    """Where the path ends whose last part is the name, as a list; None where it is in no such path."""
    end = LIST_PATH_END.match(text, name.end)
    return end.end() if end and LIST_PATH.match(name.backwards, name.before) else None


separated = SEPARATED.match
listed = LISTED.match
paired = PAIRED.match
part_of_form = PART.match
spaced = SPACED.match
behind_option = BEHIND_OPTION.match
marked = MARKED.match
labelled = LABELLED.match
is_listed_name = LISTED_NAME.match
value_before = VALUE_BEFORE.match
is_pointer = POINTER.match
next_argument = NEXT_ARGUMENT.match
value_attribute = VALUE_ATTRIBUTE.match
refused_input = INPUT.match
key_detail = KEY_DETAIL.match
is_in_map = IN_MAP.match
below = BELOW.match
