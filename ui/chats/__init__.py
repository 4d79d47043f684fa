"""Conversations: what they hold, where they are stored, how they are exported."""
