"""Every word of the view Duplicates."""

LABEL = "Duplicates"
EXPLAIN = (
    "Documents and passages that stand here twice, or nearly so. Two passages are the same where most of their words are the same, in the "
    "same order; being on one subject is not enough. Struck-through words stand in the first document only, underlined ones in the second "
    "only. Click a place to open its page."
)
LOOK = "Look for duplicates"
MANY = "There are {count:,} passages to compare with each other; this takes a minute or so."
LOOKING = "Comparing passages, {percent} %"
NONE = "No duplicates: no document and no passage stands in this library twice."
WAITING = "{count} more documents are still being indexed and were left out. Look again when they are ready."
DOCUMENTS = "Documents"
NO_DOCUMENTS = "No two documents are nearly the same."
PASSAGES = "Passages in several documents"
NO_PASSAGES = "No passage stands in several documents."
AND = "and"
IDENTICAL = "All their words are the same."
BOTH = "{count} of {total} passages stand in both."
SHARED = "{left} of {left_total} passages of the first stand in the second; {right} of {right_total} of the second in the first."
ALIKE = (
    "About the same, in other words: {left} of {left_total} passages of the first have a counterpart in the second that says about the "
    "same, but only {shared} stand there in the same words."
)
CHANGES = ("1 place differs", "{count} places differ")
NEAREST = ("The most similar passages that differ: the first of {count}", "The most similar passages that differ: {shown} of {count}")
MORE_CHANGES = "… and {count} more places."
NOT_COMPARED = "Not compared word by word: the pairs above have more in common."
MORE_PAIRS = "… and {count} more pairs. `rag duplicates --json` lists them."
GROUP = "In {count} documents, the same words."
GROUP_NEARLY = "In {count} documents, at least {percent} % of the words the same."
MORE_GROUPS = "… and {count} more passages. `rag duplicates --json` lists them."
MORE_PLACES = "… and {count} more places"
PLACES = "Where it stands"
REMOVED = "only in the first:"
ADDED = "only in the second:"
END = "(end)"
