"""What is kept: chunks and records, original files, and the lock on them."""
