"""Template libraries: `shown` has filters, `console` has tags of the admin's pages."""
