"""How SQLite files came to their first revision; never changed."""
