"""Log records in: what becomes of them."""
