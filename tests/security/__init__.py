"""What an attacker tried, or could try: each hole that was there, and its kind, as a test."""
