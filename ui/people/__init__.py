"""People who sign in, and what they may do: no web framework here.

One set of tables, in a SQLite file or in a database that servers share (`file`), holds them (`accounts`), their sessions and tokens
(`sessions`), their groups (`groups`), and the libraries and rights (`libraries`), and who else knows them (`identities`); `store` is all
of it. `sign_on` is who may vouch for them: a provider (`oidc`), a proxy. Guesses at passwords are held back (`throttle`).
"""

PEOPLE_FILE = "people.sqlite3"  # in the server's folder, which is the library's, where there is no shared database
