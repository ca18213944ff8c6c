"""One trace as its page and answers show it: its spans as a tree with bars, and the log records beside it."""
