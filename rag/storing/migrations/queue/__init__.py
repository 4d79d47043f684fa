"""Uploads that wait to be read, in a cluster."""
