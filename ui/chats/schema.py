"""What the stored rows of conversations agree on; their tables are in `rag/storing/migrations/conversations`."""

LOCAL = ""  # the owner on a machine where nobody signs in
