"""
The gunicorn worker of LoopKit: clients that are slow, stalled or silent hold memory for a while, and never a thread.

One thread of the process, the poller, receives every request and sends what a client did not take at once, without
waiting for anybody. A request gets a thread once all of it is here. docs/operations.md says what operators see, and
why other workers were not taken. It may import gunicorn, Django's settings and loopkit.http.
"""
