"""
Functions of C, C++, Objective-C and their platforms: those of the system, and the written names of compiled ones.

System functions change with the graphics card, the version of the system, and what could be symbolicated; the
application's call stays. The selection follows the categories driver, gl, load, threadbase and throw of
https://github.com/getsentry/sentry/blob/master/src/sentry/grouping/enhancer/enhancement-configs
"""

from __future__ import annotations

import re

PLATFORM = re.compile(
    # A graphics driver and its library. The code that drew identifies the failure, not the graphics card.
    r"^(?:gpus[A-Z]|gl[a-z]?[A-Z]|CGL[A-Z]|[iI]ntel[A-Z]|IOAccel)"
    # The dynamic loader: https://github.com/apple-oss-distributions/dyld
    r"|^(?:ImageLoader\w*|dyld\d?)::|^dlopen_internal$"
    # Functions that run an event loop or start a thread are at the bottom of every stack.
    r"|^_*CFRUNLOOP_|^_*CFRunLoop|^start(?:_wqthread)?$|^_?(?:pthread|thread)_(?:start|wqthread|body)$"
    r"|^_dispatch_(?:client_callout|root_queue|worker_thread)|^BaseThreadInitThunk$|^RtlUserThreadStart$|^TppWorker"
    r"|^__?libc_start|^_start$|^__?scrt_common_main|^invoke_main$|^start_thread$|^clone3?$|^__clone"
    # Ends the process when a running thread is destroyed: https://en.cppreference.com/w/cpp/thread/thread/~thread
    r"|(?:^|::)thread::~thread$"
    # End a program, or unwind its stack: https://itanium-cxx-abi.github.io/cxx-abi/abi-eh.html
    r"|^_*(?:abort|raise|gsignal|exit|kill|pthread_kill|terminate)(?:\(|$)|abort_message|^_*cxa_|^_Unwind_"
    r"|std::(?:__\w+::)?_*terminate|objc_exception_|exceptionPreprocess|RaiseException|CxxThrowException"
    # Names that C reserves for its implementation: https://eel.is/c++draft/lex.name#3
    r"|^__(?!\w{0,300}block_invoke|ZN|\d)[A-Za-z]\w{0,300}(?:\(|$)"
    r"|^(?:_int_)?(?:malloc|free|calloc|realloc|memalign)(?:$|\(|_)|^munmap_chunk"
    # Print the stack: glog, Abseil, LLVM, Chromium, swift-backtrace.
    r"|^google::(?:LogMessage|logging_fail|DumpStackTrace|InstallFailure|\(anonymous namespace\)::)"
    r"|^absl::(?:\w+::)*(?:log_internal|WriteFailureInfo|WriteStackTrace|AbslFailureSignalHandler|FailureSignalHandler)"
    r"|^llvm::sys::(?:PrintStackTrace|RunSignalHandlers)|^(?:PrintStackTrace)?SignalHandler\(|^base::debug::"
    r"|^(?:static )?Backtrace\.|^node::(?:Abort|DumpBacktrace|OOMErrorHandler|OnFatalError)"
    # Functions that the compiler of Swift puts between two others, and its standard library's that stop a program.
    r"|^(?:partial apply (?:forwarder )?for )?(?:reabstraction )?thunk (?:helper )?(?:for|from) @"
    r"|^_?swift_(?:reportError|stdlib_|unexpectedError|runtime_|task_)|^_assertionFailure|^_swift_stdlib_"
    r"|^Swift\._?(?:assertionFailure|fatalError)"
    # Interceptors of sanitizers: https://github.com/llvm/llvm-project/tree/main/compiler-rt/lib/interception
    r"|^_*(?:interceptor|asan|tsan|msan|ubsan|sanitizer)_|^_*asan::"
)
# Copies that a compiler makes of a function: https://gcc.gnu.org/onlinedocs/gcc/Optimize-Options.html (ipa-*), and
# https://llvm.org/docs/HotColdSplitting.html
CLONES = re.compile(
    r"(?:\.(?:cold|isra|part|constprop|lto_priv|llvm|localalias|resume|destroy|actor)(?:\.\d{1,9}+){0,4}+){1,8}+$"
)
ABI_TAG = re.compile(r"\[abi:\w{1,40}\]|\(\.[\w.]{1,60}\)$|\{clone [\w. ]{1,60}\}")
INLINE_NAMESPACE = re.compile(r"\bstd::__(?:1|ndk1|cxx11|detail)::")


# Blocks: https://clang.llvm.org/docs/Block-ABI-Apple.html. Swift: the kinds of symbols that its demangler names,
# https://github.com/swiftlang/swift/blob/main/lib/Demangling/NodePrinter.cpp
BLOCK = re.compile(
    r"^_{2,3}(?:\d{1,4})?(?P<of>[+-]\[[^\]\n]{1,300}\]|\w{1,300}?)_block_invoke\d{0,4}(?:_\d{1,4}|\.\d{1,6})*$"
)
SWIFT_KIND = re.compile(
    r"^(?:\(extension in \w{1,100}\):|\(\d{1,3}\) (?:await|suspend) resume partial function for |(?:partial apply "
    r"|reabstraction )?(?:forwarder|thunk) for "
    r"|closure #\d{1,4} (?:\([^\n]{0,200}?\) (?:async )?(?:throws )?-> [^\n]{1,100}? )?in "
    r"|implicit closure #\d{1,4} [^\n]{0,200}?in "
    r"|(?:generic |function signature )?specializ(?:ed|ation) (?:<[^\n<>]{0,200}> of )?|merged "
    r"|outlined |@objc |@nonobjc |static |class "
    r"|protocol witness for |dispatch thunk of |async function pointer to )"
)
ANONYMOUS = "(anonymous namespace)"
MANGLED = re.compile(r"^_{1,2}ZNK?(?=\d)")
ACCESSORS = (".getter", ".setter", ".modify", ".read", ".didset", ".willset")
# A private name has the hash of its file beside it.
PRIVATE = re.compile(r"\((?P<name>[^\s()]{1,200}) in _[0-9A-F]{32}\)")
# https://github.com/swiftlang/swift/blob/main/docs/ABI/Mangling.rst: `$s`, the module, and each type with its kind
MANGLED_SWIFT = re.compile(r"^_?\$[sS](?=\d)")
KIND = re.compile(r"[CVOPE]|(?=\d)")
LENGTH = re.compile(r"\d{1,3}")
LONGEST_NAME = 600


def native_name(function: str) -> str:
    """Return the function as it was written: without arguments and the marks of compilers."""
    name = demangled_swift(demangled(CLONES.sub("", function[:LONGEST_NAME])))
    if block := BLOCK.match(name):
        return block["of"]
    for _ in range(8):  # a closure in a closure
        name, count = SWIFT_KIND.subn("", name, count=1)
        if not count:
            break
    accessor = name.partition(" : ")[0]  # the type of its property follows
    name = accessor if accessor.endswith(ACCESSORS) else name
    name = PRIVATE.sub(r"\g<name>", name)
    name = INLINE_NAMESPACE.sub("std::", ABI_TAG.sub("", name)).strip()
    return name if name.startswith(("-[", "+[")) else without_arguments(name)


def without_arguments(name: str) -> str:
    """Return the name of a function without its arguments: `shop::total` for `shop::total(int, char const*) const`."""
    kept = name.replace(ANONYMOUS, "\x00").replace("operator()", "\x01")
    return kept.partition("(")[0].replace("\x00", ANONYMOUS).replace("\x01", "operator()").strip() or name


def demangled(name: str) -> str:
    """
    Return `shop::Cart::total` for `_ZN4shop4Cart5totalEv`, any other name as it is.

    Nested names alone are read: https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling-structure
    """
    start = MANGLED.match(name)
    if start is None:
        return name
    parts, at = [], start.end()
    while length := LENGTH.match(name, at):
        at = length.end() + int(length[0])
        parts.append(name[length.end() : at])
    return "::".join(parts)


def demangled_swift(name: str) -> str:
    """Return `Shop.Cart.total` for `$s4Shop4CartC5totalSiyF`; any other name, and one with substitutions, as it is."""
    start = MANGLED_SWIFT.match(name)
    if start is None:
        return name
    parts, at = [], start.end()
    while (length := LENGTH.match(name, at)) and not length[0].startswith("0"):
        end = length.end() + int(length[0])
        parts.append(name[length.end() : end])
        kind = KIND.match(name, end)
        if kind is None:
            break
        at = kind.end()
    return ".".join(parts) if len(parts) > 1 else name


def is_platform(function: str) -> bool:
    """Whether the function is the system's."""
    return bool(PLATFORM.search(function))
