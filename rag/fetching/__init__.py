"""Addresses on the web -> files: downloaded within limits, from public addresses alone, under a name that tells the format."""
