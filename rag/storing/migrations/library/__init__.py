"""What the servers of a cluster share of a library: who writes to it, and its documents' records."""
