"""A library that another process holds, through its server: `connect` gives `Library`'s verbs, and the same values and errors.

`wire` says how values, errors and progress look on the way; the server's side is `ui.http.api`.
"""
