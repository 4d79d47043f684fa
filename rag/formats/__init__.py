"""A file -> a document: what kind it is, its pages and their text; and a page -> a picture with marks."""
