"""Conversations: their values (`turns`), their file (`schema`, `store`, `cache`), their verbs (`conversations`) and export (`exporting`).

No gradio here: the page, the routes and, one day, other programs work with the same values.
"""

CONVERSATIONS_FILE = "conversations.sqlite3"  # in the library's folder
