"""People who sign in: their file (`schema`, `store`), their rights (`rights`), guesses held back (`throttle`). No web framework here."""

PEOPLE_FILE = "people.sqlite3"  # in the server's folder, which is the library's
