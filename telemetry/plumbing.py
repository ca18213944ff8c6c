"""
Functions of the platform that stand between a failure and the code that caused it, in stacks that name no files.

They change with the graphics card, the version of the system, and what could be symbolicated; the application's call
stays. What counts follows the categories driver, gl, load, threadbase and throw of
https://github.com/getsentry/sentry/blob/master/src/sentry/grouping/enhancer/enhancement-configs
"""

from __future__ import annotations

import re

PLUMBING = re.compile(
    # A graphics driver and its library: told by who drew, not by the card.
    r"^(?:gpus[A-Z]|gl[a-z]?[A-Z]|CGL[A-Z]|[iI]ntel[A-Z]|IOAccel)"
    # The dynamic loader, inside dlopen: https://github.com/apple-oss-distributions/dyld
    r"|^(?:ImageLoader\w*|dyld\d?)::|^dlopen_internal$"
    # What runs an event loop or begins a thread is below every failure.
    r"|^_*CFRUNLOOP_|^_*CFRunLoop|^start(?:_wqthread)?$|^_?(?:pthread|thread)_(?:start|wqthread|body)$"
    r"|^_dispatch_(?:client_callout|root_queue|worker_thread)|^BaseThreadInitThunk$|^RtlUserThreadStart$|^TppWorker"
    # Ends the process for whoever destroys a running thread: https://en.cppreference.com/w/cpp/thread/thread/~thread
    r"|(?:^|::)thread::~thread$"
)
