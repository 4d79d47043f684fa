"""What the view Tokens says."""

LABEL = "Tokens"
EXPLAIN = (
    "A model does not read words but tokens: words, pieces of words and signs, each with a number. Below is how the library's embedding "
    "model cuts a text. What is over its limit is cut off: it is struck through, and no vector knows of it. Passages of this library are "
    "short enough to be read whole."
)
TEXT = "Text"
EXAMPLE = "I deposited money in the bank, unbelievably late. See § 12(b)!"
CUT = "Show tokens"
KINDS = {
    "word": "a word, or a sign",
    "piece": "a piece that goes on with a word",
    "special": "the model's own sign",
    "unknown": "not known to the model",
}
COUNT = "{read} of at most {limit} tokens are read."
CUT_OFF = "{cut} are cut off."
NOT_SHOWN = "The first {shown:,} are shown."

LOADING = "The model is being loaded. The first time, this takes some seconds."

POOL_LABEL = "From tokens to one vector"
POOL_EXPLAIN = (
    "The model makes a vector of each token, in its context. One vector for the whole text comes from pooling: taking the first token's, "
    "the mean of all, or the largest number in each place. The cosines say how alike the results are: 1 is the same direction."
)
POOL = "Pool the text above"
SHAPE = "{rows} tokens × {width} numbers"
WAYS = {"cls": "First token (CLS)", "mean": "Mean of all", "max": "Largest of all", "model": "The model's own"}
USED = "This model pools by: {way}."
USED_UNKNOWN = "This model does not say how it pools."
FIRST_VALUES = "First numbers"
WAY = "Way"
TOKEN = "Token"
IN_8_BIT = (
    "Vectors of the library itself are made by the same model, in ONNX Runtime with 8-bit weights where that changes next to nothing."
)

WORD_LABEL = "One word in two sentences"
WORD_EXPLAIN = (
    "Each token begins as a row of a table, the same wherever it stands. The layers of the model then mix in the words around it. So the "
    "same word has two vectors in two sentences; the lower their cosine, the more the context has changed it."
)
WORD = "Word"
FIRST = "First sentence"
SECOND = "Second sentence"
WORD_EXAMPLE = ("bank", "I deposited money in the bank.", "We sat by the river bank.")
COMPARE = "Compare the word"
IN_CONTEXT = "In context"
STATIC = "Before context"
STATIC_NOTE = "rows of the input table"
CONTEXT_NOTE = "last layer"
COSINE = "cosine"
OFTEN = "It stands {count} times in this sentence; the first one counts."
PIECES = "tokens"

HEAT_LABEL = "Each token with each"
HEAT_EXPLAIN = (
    "The cosine of each pair of tokens, in context, last layer. Red is alike, blue is opposed. "
    "With a second text, its tokens are the columns."
)
HEAT_FIRST = "Text (rows)"
HEAT_SECOND = "Second text (columns), or nothing"
HEAT = "Compare tokens"
HEAT_ARIA = "Heat map of {rows} by {columns} tokens: the cosine of each pair."
HEAT_CUT = "The first {shown} tokens of each text are shown."
