"""Every word of the view Classify."""

LABEL = "Classify"
EXPLAIN = (
    "Give a few labels, and each document, passage or text gets the one it is nearest to. A label's name alone will do; a few examples "
    "of each do better, and from five of each on the confidence is a learned probability."
)
EXAMPLES = "Labels, one a line; or “label: text” for an example"
EXAMPLES_HINT = "holidays: Unused leave may be carried over until March.\nreturns: An item may be sent back within 30 days.\nsafety"
FILE = "Load examples from a CSV: label, text"
WHAT = "What gets a label"
DOCUMENTS, PASSAGES, TEXTS = "Documents", "Passages", "Texts"
LINES = "Texts, one a line"
UNSURE_BELOW = "Unsure below a confidence of"
GO = "Label them"
CHECK = "Check the examples"
DOWNLOAD = "Download as CSV"
BUSY = "Reading the examples and the library."
NO_FILE = "Choose a file."

METHODS = {
    "names": "Nearest name of a label. The confidence is a rough guide; examples make it better.",
    "centroids": "Nearest mean of a label's examples. The confidence is a rough guide; with five examples of each label it is learned.",
    "regression": "Logistic regression on the examples; the confidence is its probability.",
}
DOCUMENT_VECTORS = "A document stands for the mean of its passages."
LABELS, COUNT = "label", "surely"
UNSURE = "unsure"
GUESS = "unsure ({label}?)"
PAGE = "{document}, page {page}"
FIRST_SHOWN = "The first {shown} of {count:,}; the CSV has all."
CONFIDENCE = "confidence {confidence:.2f}"

CHECKED = (
    "Right for {right} of {count} examples: accuracy {accuracy:.2f}, macro F1 {f1:.2f}. The most frequent label alone: {baseline:.2f}."
)
FOLDS = "Each example was labelled by what the others teach, in {folds} parts left out in turn."
ONE_OUT = "Each example was labelled by what the others teach, one left out at a time."
CONFUSION_LABEL = "Heat map: examples by their own label, one a row, and by the label they got, one a column"
CONFUSION = "Rows are the labels of the examples, columns those they got."
