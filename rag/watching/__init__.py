"""Folders that a library follows: `snapshot` says what is in them and what has settled, `watcher` brings the library in line with that."""
