"""What takes long: `make soak` runs it, `make test` leaves it out."""
