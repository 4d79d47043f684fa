"""The texts of the view Tokens."""

LABEL = "Tokens"
EXPLAIN = (
    "A model does not read words but tokens: words, parts of words and punctuation, each with a number. Below is how the library's "
    "embedding model splits a text. Tokens beyond its limit are struck through: the model does not read them, and no vector includes them. "
    "The passages of this library are short enough to be read whole."
)
TEXT = "Text"
EXAMPLE = "I deposited money in the bank, unbelievably late. See § 12(b)!"
CUT = "Show tokens"
KINDS = {
    "word": "a word or punctuation",
    "piece": "continues a word",
    "special": "special token of the model",
    "unknown": "unknown to the model",
}
COUNT = "{read} of at most {limit} tokens are read."
CUT_OFF = "{cut} are cut off."
NOT_SHOWN = "The first {shown:,} are shown."

LOADING = "Loading the model. The first time, this takes some seconds."

POOL_LABEL = "From tokens to one vector"
POOL_EXPLAIN = (
    "The model computes a vector for each token in its context. Pooling turns them into one vector for the text: the first token's "
    "vector, the mean of all, or the largest value in each dimension. The cosines show how similar the results are: 1 is the same "
    "direction."
)
POOL = "Pool the text above"
SHAPE = "{rows} tokens × {width} dimensions"
WAYS = {"cls": "First token (CLS)", "mean": "Mean of all", "max": "Largest of all", "model": "The model's own"}
USED = "Pooling of this model: {way}."
USED_UNKNOWN = "This model does not say how it pools."
FIRST_VALUES = "First values"
WAY = "Pooling"
TOKEN = "Token"
IN_8_BIT = "The library's own vectors come from the same model, run in ONNX Runtime with 8-bit weights where that changes next to nothing."

WORD_LABEL = "One word in two sentences"
WORD_EXPLAIN = (
    "Each token starts as a row of a table, the same wherever it occurs. The layers of the model then mix in the words around it, so the "
    "same word has a different vector in each sentence. The lower the cosine, the more the context has changed it."
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
OFTEN = "It occurs {count} times in this sentence; the first one counts."
PIECES = "tokens"

HEAT_LABEL = "Each token with each"
HEAT_EXPLAIN = (
    "The cosine of each pair of tokens, in context, in the last layer. Red is similar, blue is opposite. "
    "If you give a second text, its tokens are the columns."
)
HEAT_FIRST = "Text (rows)"
HEAT_SECOND = "Second text (columns, optional)"
HEAT = "Compare tokens"
HEAT_ARIA = "Heat map of {rows} by {columns} tokens: the cosine of each pair."
HEAT_CUT = "Only the first {shown} tokens of each text are shown."
