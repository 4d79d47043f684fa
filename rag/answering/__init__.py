"""Passages -> answer: with a chat model or by quoting."""
