"""The texts of the view Classify."""

LABEL = "Classify"
EXPLAIN = (
    "Give a few labels, and each document, passage or text gets the one it is closest to. The names of the labels are enough to start; a "
    "few examples of each work better, and with five or more of each, the confidence is a learned probability."
)
EXAMPLES = "Labels, one per line; write “label: text” to give an example"
EXAMPLES_HINT = "holidays: Unused leave may be carried over until March.\nreturns: An item may be sent back within 30 days.\nsafety"
FILE = "Load examples from a CSV: label, text"
WHAT = "What to label"
DOCUMENTS, PASSAGES, TEXTS = "Documents", "Passages", "Texts"
LINES = "Texts, one per line"
UNSURE_BELOW = "Unsure below this confidence"
GO = "Label them"
CHECK = "Check the examples"
DOWNLOAD = "Download as CSV"
BUSY = "Embedding the examples and the library."
NO_FILE = "Choose a file."

METHODS = {
    "names": "Method: nearest name of a label. The confidence is a rough guide; examples improve it.",
    "centroids": "Method: nearest mean of a label's examples. The confidence is a rough guide; with five examples per label it is learned.",
    "regression": "Method: logistic regression on the examples. The confidence is its probability.",
}
DOCUMENT_VECTORS = "Each document is represented by the mean of its passages."
LABELS, COUNT = "label", "confident"
UNSURE = "unsure"
GUESS = "unsure ({label}?)"
PAGE = "{document}, page {page}"
FIRST_SHOWN = "Showing the first {shown} of {count:,}; the CSV has them all."
CONFIDENCE = "confidence {confidence:.2f}"

CHECKED = (
    "{right} of {count} examples were labelled correctly: accuracy {accuracy:.2f}, macro F1 {f1:.2f}. "
    "Always choosing the most frequent label: accuracy {baseline:.2f}."
)
FOLDS = "Cross-validated in {folds} folds: each example was labelled by a model that had not seen it."
ONE_OUT = "Cross-validated one by one: each example was labelled by a model trained on all the others."
CONFUSION_LABEL = "Heat map: examples by their own label (rows) and the label they were given (columns)"
CONFUSION = "Rows are the labels of the examples, columns the labels they were given."
