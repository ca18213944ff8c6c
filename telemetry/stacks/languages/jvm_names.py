"""
Names that compilers and proxies of the JVM make, and the written names in them.

https://github.com/openjdk/jdk/blob/master/src/jdk.compiler/share/classes/com/sun/tools/javac/comp/LambdaToMethod.java
(`lambda$method$0`), https://docs.oracle.com/javase/specs/jls/se21/html/jls-13.html#jls-13.1 (`Outer$1`,
`Outer$1Local`), https://kotlinlang.org/docs/java-to-kotlin-interop.html, https://docs.scala-lang.org
(`$anonfun$method$1`), Groovy's closures (`_method_closure1`), and Clojure's functions, each of them a class
(`munge` and CHAR_MAP of https://github.com/clojure/clojure/blob/master/src/jvm/clojure/lang/Compiler.java).
"""

from __future__ import annotations

import re

# Classes made while the program runs: proxies, lambdas, accessors of reflection.
GENERATED = re.compile(
    r"\$\$(?!anonfun|inlined|serializer|special)|\$Proxy\d|\$Proxy\b|_\$\$_|\$HibernateProxy|\$ByteBuddy|\$MockitoMock"
    r"|\$auxiliary\$|Generated(?:Method|Constructor|Serialization\w*)Accessor|LambdaForm\$|MethodHandle\$"
    r"|_ClientProxy\b|_Subclass\b|\$Subclass\d|CGLIB"
)
HIDDEN_CLASS = re.compile(r"/(?:0x[0-9a-f]{1,32}|\d{1,20})\b")
FORMS = (
    # Functions inside a method: of javac, of Scala since 2.12, of Kotlin. The method's name comes first or last.
    (re.compile(r"\blambda\$new\$\d+$"), "<init>"),
    (re.compile(r"\blambda\$static\$\d+$"), "<clinit>"),
    (re.compile(r"(?<=\.)(?:lambda|\$anonfun)\$([^$.]{1,200})(?:\$[\w$]{1,80})?$"), r"\1"),
    (re.compile(r"(?<=\.)\$anonfun\$\d+(?:\$[\w$]{1,80})?$"), "apply"),
    (re.compile(r"(?:\$(?:lambda|default|suspendImpl|extension|adapted)(?:[$-]\d{1,9}+)?){1,8}+$"), ""),
    (re.compile(r"(?<=\.)access\$(?=[A-Za-z_])"), ""),
    # Classes for functions: `Orders$$anonfun$total$1.apply`, `Orders$_total_closure1.doCall`.
    (re.compile(r"\$\$anonfun\$([A-Za-z_]\w{0,200})(?:\$[\w$]{1,80})?\.\w{1,60}$"), r".\1"),
    (re.compile(r"\$_([A-Za-z]\w{0,200}?)_(?:lambda|closure)\d+\.\w{1,60}$"), r".\1"),
    (re.compile(r"__\d+"), ""),
    # Numbers of anonymous and local classes, and the mark of a Scala object.
    (re.compile(r"\$\d+(?=[A-Za-z_])"), "$"),
    (re.compile(r"(?:\$\d+)+(?=$|[.$])"), ""),
    (re.compile(r"\$(?=\.)"), ""),
)
# A function of Clojure: its namespace, its name, what stands inside it, and the method that runs it.
CLOJURE = re.compile(r"(?P<space>[^$]{1,300})\$(?P<name>[^$.]{1,200})(?:\$[^.]{0,300})?\.[\w$]{1,100}$")
CLOJURE_FILES = (".clj", ".cljc", ".bb", "NO_SOURCE_FILE")
MUNGED = {
    "_BANG_": "!", "_QMARK_": "?", "_STAR_": "*", "_PLUS_": "+", "_GT_": ">", "_LT_": "<", "_EQ_": "=", "_SLASH_": "/",
    "_AMPERSAND_": "&", "_SINGLEQUOTE_": "'", "_PERCENT_": "%", "_DOT_": ".", "_": "-",
}  # fmt: skip
MUNGED_CHARACTER = re.compile("|".join(MUNGED))


def jvm_name(function: str, file: str = "") -> str:
    """Return the class and method as they were written: `shop.Cart.total` for `shop.Cart.lambda$total$0`."""
    if file.endswith(CLOJURE_FILES) and (match := CLOJURE.match(function)):
        return clojure_name(match["space"], match["name"])
    for form, replacement in FORMS:
        function = form.sub(replacement, function)
    return function


def class_and_method(where: str) -> str:
    """Return the class and method of `loader/module@version/class.method`; a hidden class has a slash in its name."""
    return HIDDEN_CLASS.sub("", where).rpartition("/")[2]


def clojure_name(space: str, name: str) -> str:
    """Return a function of Clojure as it was written: `shop.core/valid-id?` for `shop.core` and `valid_id_QMARK_`."""
    written = re.sub(r"(?<=fn)__\d+$|(?<=eval)\d+$|__\d+(?:__auto)?(?:__\d+)?$", "", name)
    return "/".join(MUNGED_CHARACTER.sub(lambda found: MUNGED[found[0]], part) for part in (space, written))
