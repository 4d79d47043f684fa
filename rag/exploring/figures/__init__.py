"""Views as plotly figures: for a notebook, the page, or an HTML file. They draw values of `rag.exploring` and compute nothing."""
