"""What clients do to the server: half-sent, refused and endless requests, and the headers of answers."""
