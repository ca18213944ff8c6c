"""Signing in, and what staff may do to each other and to rows."""
