"""Every text of the tab Explore: here what all views share, and one file for each view. Names in braces are filled in."""

EXPLORE = "Explore"
GONE = "This figure is no longer available. Draw it again."
NOT_DRAWN = "This figure cannot be drawn here."
