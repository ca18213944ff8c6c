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
)
# Copies that a compiler makes of a function: https://gcc.gnu.org/onlinedocs/gcc/Optimize-Options.html (ipa-*), and
# https://llvm.org/docs/HotColdSplitting.html
CLONES = re.compile(
    r"(?:\.(?:cold|isra|part|constprop|lto_priv|llvm|localalias|resume|destroy|actor)(?:\.\d+)*)+$"
)
ABI_TAG = re.compile(r"\[abi:\w{1,40}\]|\(\.[\w.]{1,60}\)$|\{clone [\w. ]{1,60}\}")
INLINE_NAMESPACE = re.compile(r"\bstd::__(?:1|ndk1|cxx11|detail)::")


def native_name(function: str) -> str:
    """Return the function as it was written: without the marks of compilers."""
    return INLINE_NAMESPACE.sub("std::", ABI_TAG.sub("", CLONES.sub("", function))).strip()


def is_platform(function: str) -> bool:
    """Whether the function is the system's."""
    return bool(PLATFORM.search(function))
