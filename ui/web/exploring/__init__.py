"""The tab Explore: one file a view, with its script and its style beside it where it has any."""
