"""What the view Arithmetic says."""

LABEL = "Arithmetic"
EXPLAIN = (
    "Words as sums: each word becomes a vector, the vectors are added and subtracted, and what lies nearest to the sum is shown with its "
    "cosine; 1 is the same direction. Put a space before a minus; phrases may stand in quotation marks, and 0.5 * word counts half."
)
LIMITS = (
    "Read it with care. The model was made for sentences, not for words: the nearest word is often one of the sum itself, so these are "
    "left out. Of 36 plain analogies (capitals, plurals, he and she, bigger and smaller, peoples, past tenses) the built-in model puts the "
    "right word first in about 29, among five in about 33; with the sum's own words let in, one of these is first in about 21. It holds of "
    "men, women and peoples what the texts it was trained on say of them, prejudice included."
)
EXPRESSION = "Sum"
EXAMPLE = "king - man + woman"
TRY = ("king - man + woman", "paris - france + germany", "car - road + sea")
AMONG = "Look among"
PLACES = (("The model's vocabulary", "vocabulary"), ("This library", "library"))
SOLVE = "Work it out"
WAIT = {
    "vocabulary": "The words of the vocabulary get their vectors, once for this model: about half a minute.",
    "library": "The words of the library get their vectors.",
}
NEAREST = "Nearest words"
PASSAGES = "Nearest passages"
COSINE = "Cosine"
COUNT = "{count:,} words were compared; those of the sum are left out."
ECHO = "“{word}” would have come first."
UNFAMILIAR = "“{word}” is not a word of the model's vocabulary: its vector is put together from pieces."
SPELLINGS = "Near spellings: {words}."
NONE = "There is no other word to show."
