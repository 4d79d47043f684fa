"""What makes files that the program ships; run by hand."""
