"""People, their sessions, tokens, links and groups, libraries and rights."""
