"""The tab Explore: one file a view, each with its words in `words/`, its script and its style beside it where it has any."""
