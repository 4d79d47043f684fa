"""Conversations, their turns, and links to those that are shared."""
