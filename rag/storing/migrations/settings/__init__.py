"""What a library keeps of what was set on its page, in a cluster."""
