"""Every word of the view Map. Names in braces are filled in."""

LABEL = "Map"
EXPLAIN = (
    "Every point is a passage of your documents; passages that mean alike stand near each other. Hover to read one, click to open its "
    "page, draw a line around several to ask about these only. The directions, and how far apart far groups are, mean nothing."
)
OF = "Show"
OFS = {"chunks": "passages", "documents": "documents"}
METHOD = "Placed by"
METHODS = {"tsne": "t-SNE", "pca": "PCA", "umap": "UMAP"}
COLOUR = "Coloured by"
COLOURS = {"document": "document", "cluster": "cluster", "question": "nearness"}
QUESTION = "Drop a question on the map"
QUESTION_PLACEHOLDER = "A question, and Enter…"
DROP = "Drop"
DRAWING = "Placing the passages, {percent} %"
CLUSTERING = "Looking for clusters…"
FIGURE = "A map of {points}. The lists below say the same in words."
POINTS = {
    "chunks": ("1 passage of {documents}", "{count:,} passages of {documents}"),
    "documents": ("1 document", "{count:,} documents"),
}
DOCUMENTS = ("1 document", "{count:,} documents")
SAMPLED = "{count:,} of {total:,} passages, chosen evenly over the documents"
WAITING = (
    "1 document is still being indexed and is not on the map yet.",
    "{count:,} documents are still being indexed and are not on the map yet.",
)
TRUST = (
    (0.95, "Neighbours on this map are almost always near in meaning (trustworthiness {trust:.2f} of 1)."),
    (0.85, "Neighbours on this map are mostly near in meaning (trustworthiness {trust:.2f} of 1)."),
    (0.0, "Many neighbours on this map are not near in meaning (trustworthiness {trust:.2f} of 1): two dimensions are too few here."),
)
NO_QUESTION = "Type a question, and the points are shaded by how near they are to it."
PLACED = (
    "The star is your question: it has no place of its own, and stands at the mean of the places of the {count} nearest, weighted by "
    "cosine. Lines lead to them."
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
TITLE = "Let the chat model name them"
TITLING = "The chat model is naming the clusters…"
UNTITLED = "The chat model gave no titles; the terms stay. Settings says whether it can be reached."
