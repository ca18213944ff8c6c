"""
HTTP support that every app may use: error responses, handling of a failing store, links, chunked bodies, plain headers,
HEAD, Host.

These modules import nothing else of LoopKit.
"""
