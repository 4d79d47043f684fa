"""Views as figures of plotly's: for a notebook, the page, or an HTML file. They take values of `rag.exploring` and compute nothing."""
