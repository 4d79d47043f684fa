"""Uploads: a queue on disk, indexed one after another in the background."""
