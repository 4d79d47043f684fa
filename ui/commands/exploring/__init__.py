"""The commands that look at the whole library; one file a view."""
