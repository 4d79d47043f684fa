"""Every word of the tab Explore: here what all views share, and one file a view."""

EXPLORE = "Explore"
GONE = "This picture is no longer kept. Draw it again."
NOT_DRAWN = "This picture cannot be drawn here."
