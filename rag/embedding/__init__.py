"""Texts -> unit vectors; one file a backend, behind the `Embedder` protocol."""
