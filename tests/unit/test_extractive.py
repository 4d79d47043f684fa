import pytest

from rag import Passage
from rag.answering.extractive import MAX_QUOTES, ComparedSentence, best_quotes, compare_sentences
from tests.fakes import BagOfWordsEmbedder

WORDS = BagOfWordsEmbedder()


def passage(text: str, rank: int = 1, cosine: float = 0.5) -> Passage:
    return Passage(rank, cosine, cosine, "notes.txt", "d" * 64, 1, "1", 0, len(text), text)


def quotes_of(question: str, passages: list[Passage]) -> list[ComparedSentence]:
    return best_quotes(question, passages, compare_sentences(question, passages, WORDS))


def quoted(question: str, *texts: str) -> list[str]:
    passages = [passage(text, rank) for rank, text in enumerate(texts, start=1)]
    return [passages[quote.index].text[quote.start : quote.end] for quote in quotes_of(question, passages)]


def test_the_sentence_that_answers_comes_first() -> None:
    assert (
        quoted(
            "When may the teak bench be oiled?",
            "Shipping is free of charge. It takes about a week.",
            "Wash the bench first. The teak bench may be oiled after eight weeks. Cloths are sold in the shop.",
        )[0]
        == "The teak bench may be oiled after eight weeks."
    )


def test_quotes_are_best_first_and_few() -> None:
    question = "How long does the warranty of the bench last?"
    texts = [f"The warranty of the bench lasts {n} years in country number {n}." for n in range(9)]
    quotes = quotes_of(question, [passage(text) for text in texts])
    assert len(quotes) == MAX_QUOTES
    assert [quote.cosine for quote in quotes] == sorted((quote.cosine for quote in quotes), reverse=True)  # all else is equal


def test_what_is_far_worse_is_not_quoted() -> None:
    found = quoted("When may the teak bench be oiled?", "The teak bench may be oiled after eight weeks. Rain falls often in autumn here.")
    assert found == ["The teak bench may be oiled after eight weeks."]


def test_the_same_words_are_quoted_once_and_from_the_better_passage() -> None:
    text = "The teak bench may be oiled\nafter eight weeks."
    assert quoted("When may the teak bench be oiled?", text, text.replace("\n", " "), "Prices include sales tax in every case.") == [text]


def test_a_heading_is_not_an_answer() -> None:
    text = "Oiling the teak bench at the start of spring\n\nThe teak bench may be oiled after eight weeks of spring weather, not before."
    assert quoted("When may the teak bench be oiled?", text)[0].startswith("The teak bench")


@pytest.mark.parametrize("text", ["Teak", "7", "日本", "|---|"])
def test_a_passage_of_few_words_can_be_quoted_whole(text: str) -> None:
    assert quoted("What is it?", text) == [text]


def test_without_sentences_there_are_no_quotes() -> None:
    assert quotes_of("Anything?", []) == []
    assert quoted("Anything?", "Ha. Ho. Hi.") == []


def test_a_great_many_sentences_are_weighed_in_the_order_of_their_passages() -> None:
    many = " ".join(f"Sentence number {n} says nothing much." for n in range(500))
    assert quoted("When may the teak bench be oiled?", "The teak bench may be oiled now.", many)[0] == "The teak bench may be oiled now."
