"""A file -> searchable chunks."""
