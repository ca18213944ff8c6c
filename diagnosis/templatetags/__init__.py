"""Template libraries: `shown` has filters for values, `console` has tags for the admin's pages."""
