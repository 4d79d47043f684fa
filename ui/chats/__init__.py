"""Conversations: what they hold (`turns`), where they are stored (`store`), what is done with them (`conversations`, `exporting`).

No gradio here: the page, the routes and, one day, other programs work with the same values.
"""

CONVERSATIONS_FILE = "conversations.sqlite3"
"""In the library's folder."""
