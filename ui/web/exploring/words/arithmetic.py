"""The texts of the view Arithmetic."""

LABEL = "Arithmetic"
EXPLAIN = (
    "Sums of words: each word becomes a vector, the vectors are added and subtracted, and the words nearest to the sum are listed with "
    "their cosine; 1 is the same direction. Put a space before a minus. Phrases go in quotation marks, and 0.5 * word counts half."
)
LIMITS = (
    "Read the results with care. The model was trained on sentences, not on words: the nearest word is often one from the sum itself, so "
    "those are left out. In a test with 36 simple analogies (capitals, plurals, he and she, bigger and smaller, nationalities, past "
    "tenses), the built-in model ranks the right word first in about 29 and among the first five in about 33; if the sum's own words are "
    "allowed, one of them comes first in about 21. What it associates with men, women and nationalities comes from its training texts, "
    "prejudice included."
)
EXPRESSION = "Sum"
EXAMPLE = "king - man + woman"
TRY = ("king - man + woman", "paris - france + germany", "car - road + sea")
AMONG = "Search in"
PLACES = (("The model's vocabulary", "vocabulary"), ("This library", "library"))
SOLVE = "Calculate"
WAIT = {
    "vocabulary": "Embedding the vocabulary. This takes about half a minute, once for each model.",
    "library": "Embedding the words of the library.",
}
NEAREST = "Nearest words"
PASSAGES = "Nearest passages"
COSINE = "Cosine"
COUNT = "Compared with {count:,} words; those from the sum are left out."
ECHO = "“{word}” would have come first."
UNFAMILIAR = "“{word}” is not in the model's vocabulary: its vector is composed from pieces."
SPELLINGS = "Near spellings: {words}."
NONE = "No other word was found."
