"""What people used, whose documents are stored, and limits."""
