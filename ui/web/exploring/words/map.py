"""The texts of the view Map."""

LABEL = "Map"
EXPLAIN = (
    "Every point is a passage of your documents; passages with a similar meaning are close to each other. Hover over a point to read it, "
    "click to open its page, or draw a line around several to ask about these only. The axes, and the distances between far groups, have "
    "no meaning."
)
OF = "Show"
OFS = {"chunks": "passages", "documents": "documents"}
METHOD = "Layout"
METHODS = {"tsne": "t-SNE", "pca": "PCA", "umap": "UMAP"}
COLOUR = "Colour by"
COLOURS = {"document": "document", "cluster": "cluster", "question": "similarity"}
QUESTION = "Place a question on the map"
QUESTION_PLACEHOLDER = "Type a question and press Enter"
DROP = "Place"
DRAWING = "Drawing the map, {percent} %"
CLUSTERING = "Finding clusters…"
FIGURE = "A map of {points}. The lists below it give the same information as text."
POINTS = {
    "chunks": ("1 passage of {documents}", "{count:,} passages of {documents}"),
    "documents": ("1 document", "{count:,} documents"),
}
DOCUMENTS = ("1 document", "{count:,} documents")
SAMPLED = "{count:,} of {total:,} passages, sampled evenly from the documents"
WAITING = (
    "1 document is still being indexed and is not on the map yet.",
    "{count:,} documents are still being indexed and are not on the map yet.",
)
TRUST = (
    (0.95, "Neighbours on this map are almost always similar in meaning (trustworthiness {trust:.2f} of 1)."),
    (0.85, "Neighbours on this map are mostly similar in meaning (trustworthiness {trust:.2f} of 1)."),
    (0.0, "Many neighbours on this map are not similar in meaning (trustworthiness {trust:.2f} of 1): two dimensions are too few here."),
)
NO_QUESTION = "Type a question to shade the points by their similarity to it."
PLACED = (
    "The star is your question. It has no point of its own: it is drawn at the mean of the {count} nearest points, weighted by cosine, "
    "with lines to them."
)
NEAREST = "Nearest to your question"
COSINE = "cosine {cosine:.2f}"

SELECTED = ("1 passage of {documents} selected", "{count:,} passages of {documents} selected")
SELECTED_MOST = "; a question is asked of the first {most:,}"
NOTHING_SELECTED = "Nothing is selected. Draw a line around the points that you want to ask about."
ASK_THESE = "Ask about these only"
ASK = "Ask"
ASK_PLACEHOLDER = "A question about these…"

CLUSTERS = "Clusters"
SIZES = ("1 passage", "{count:,} passages")
OUTLIERS = ("1 passage is not in any cluster.", "{count:,} passages are not in any cluster.")
TYPICAL = "Most typical:"
FROM = "From"
MORE = "and {count:,} more"
TERMS = "Frequent here and rare elsewhere: {terms}"
ASK_CLUSTER = "Ask about this cluster only"
TITLE = "Let the chat model name the clusters"
TITLING = "The chat model is naming the clusters…"
UNTITLED = "The chat model gave no names, so the terms stay. Check the connection in Settings."
