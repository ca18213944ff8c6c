"""Secrets that are typed into a field which is named beside them: in members, in calls, in sentences and commands."""
