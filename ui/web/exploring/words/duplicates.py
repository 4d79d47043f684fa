"""The texts of the view Duplicates."""

LABEL = "Duplicates"
EXPLAIN = (
    "Documents and passages that are in the library twice, or nearly so. Two passages are duplicates if most of their words are the same, "
    "in the same order; a common subject is not enough. Words only in the first document are struck through, words only in the second are "
    "underlined. Click a place to open its page."
)
LOOK = "Look for duplicates"
MANY = "There are {count:,} passages to compare with each other. This takes about a minute."
LOOKING = "Comparing passages, {percent} %"
NONE = "No duplicates: no document and no passage is in this library twice."
WAITING = "{count} more documents are still being indexed and were left out. Look again when they are ready."
DOCUMENTS = "Documents"
NO_DOCUMENTS = "No two documents are nearly the same."
PASSAGES = "Passages in several documents"
NO_PASSAGES = "No other passage is in several documents."
AND = "and"
IDENTICAL = "The text is identical."
BOTH = "{count} of {total} passages are in both."
SHARED = "{left} of {left_total} passages of the first are in the second; {right} of {right_total} of the second are in the first."
ALIKE = (
    "Similar content in other words: {left} of {left_total} passages of the first have a counterpart in the second that says about the "
    "same, but only {shared} are there in the same words."
)
CHANGES = ("1 difference", "{count} differences")
NEAREST = ("The most similar passages that differ: the first of {count}", "The most similar passages that differ: {shown} of {count}")
MORE_CHANGES = "… and {count} more differences."
NOT_COMPARED = "Not compared word by word: the pairs above have more in common."
MORE_PAIRS = "… and {count} more pairs. `rag duplicates --json` lists them."
GROUP = "In {count} documents, word for word."
GROUP_NEARLY = "In {count} documents, with at least {percent} % of the words in common."
MORE_GROUPS = "… and {count} more passages. `rag duplicates --json` lists them."
MORE_PLACES = "… and {count} more places"
PLACES = "Where it is found"
REMOVED = "only in the first:"
ADDED = "only in the second:"
END = "(end)"
