"""A question -> the passages that answer it best."""
