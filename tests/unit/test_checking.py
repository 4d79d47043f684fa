"""What passages are found to do for the sentences of an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Passage
from rag.embedding.protocol import Embedder
from rag.types import Verdict
from rag.verifying.protocol import Claim, Judgement
from rag.verifying.rules import RuleVerifier
from tests.fakes import BagOfWordsEmbedder

RETURNS = (
    "Unused items may be returned within 30 days of delivery. Opened items may not be returned. "
    "The refund is paid to the card that was used, after the parcel has been inspected at our warehouse in Leiden."
)
CARE = "Oil the wooden boards twice a year. Never put them into the dishwasher."
TEXTS = st.text(st.characters(codec=None), max_size=120)


def _passage(text: str, heading: str = "", chunk_text: str = "") -> Passage:
    return Passage(1, 1.0, 1.0, "shop_rules.txt", "0" * 64, 1, "1", 0, len(text), text, heading, 0, chunk_text or text)


def _checked(sentence: str, *texts: str) -> Judgement:
    passages = [_passage(text) for text in texts]
    return RuleVerifier(BagOfWordsEmbedder()).verify([Claim(sentence, tuple(range(len(texts))))], passages)[0]


def _words(checked: Judgement, *texts: str) -> list[str]:
    return [texts[support.index][support.start : support.end] for support in checked.supports]


@pytest.mark.parametrize(
    "sentence",
    [
        "Unused items may be returned within 30 days of delivery.",
        "unused  items may be\nreturned within 30 days of delivery",
        "Unused items may be returned within thirty days of the delivery.",
    ],
)
def test_words_that_say_the_same_support_a_sentence_and_no_more_of_them_than_needed(sentence: str) -> None:
    checked = _checked(sentence, RETURNS)

    assert checked.verdict == "supported"
    assert _words(checked, RETURNS)[0].rstrip(".") == "Unused items may be returned within 30 days of delivery"


@pytest.mark.parametrize(
    "sentence",
    [
        "Unused items may be returned within 40 days of delivery.",
        "Unused items may be returned within 30 weeks of delivery.",
        "The refund is paid to the card that was used, after the parcel has been inspected at our warehouse in Utrecht.",
    ],
)
def test_a_fact_that_the_passage_has_not_makes_it_unsupported(sentence: str) -> None:
    assert _checked(sentence, RETURNS).verdict == "unsupported"


@pytest.mark.parametrize(
    "sentence",
    ["Unused items may not be returned within 30 days of delivery.", "Opened items may be returned.", "Put them into the dishwasher."],
)
def test_a_denial_on_one_side_only_is_not_supported(sentence: str) -> None:
    assert _checked(sentence, f"{RETURNS} {CARE}").verdict != "supported"


def test_a_number_of_another_sentence_of_the_passage_is_not_supported() -> None:
    text = "The blue model weighs 12 kilograms in its box. A warranty of 24 months covers all of its moving parts."

    assert _checked("The blue model weighs 24 kilograms in its box.", text).verdict == "related"
    assert _checked("The blue model weighs 12 kilograms in its box.", text).verdict == "supported"


def test_another_subject_is_unsupported() -> None:
    assert _checked("The moon has no air around it.", RETURNS).verdict == "unsupported"


def test_facts_may_be_spread_over_the_cited_passages() -> None:
    first, second = "The blue model weighs 12 kilograms.", "The blue model costs 90 euros."

    checked = _checked("The blue model weighs 12 kilograms and costs 90 euros.", first, second)

    assert checked.verdict == "supported"
    assert _words(checked, first, second) == [first, second]


def test_facts_may_stand_in_the_heading_and_in_what_was_trimmed() -> None:
    text = "Parcels are inspected at the warehouse before the refund is paid."
    claim = Claim("In Leiden parcels are inspected at the warehouse before the refund is paid.", (0,))

    for passage in (_passage(text, "Warehouses > Leiden"), _passage(text, chunk_text=f"{text} That is in Leiden.")):
        assert RuleVerifier(BagOfWordsEmbedder()).verify([claim], [passage])[0].verdict == "supported"


def test_a_sentence_that_cites_nothing_gets_the_passage_that_supports_it() -> None:
    passages = [_passage(CARE), _passage(RETURNS)]
    claims = [Claim("Opened items may not be returned.", ()), Claim("The moon has no air around it.", ())]

    found, nothing = RuleVerifier(BagOfWordsEmbedder()).verify(claims, passages)

    assert (found.verdict, [support.index for support in found.supports]) == ("supported", [1])
    assert nothing == Judgement("unsupported", ())


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("Within 30 days after delivery you may return unused items.", "supported"),
        ("Within 60 days after delivery you may return unused items.", "unsupported"),
        ("The moon goes around the earth.", "unsupported"),
    ],
)
def test_the_real_model_tells_the_same_said_in_another_order(sentence: str, verdict: Verdict, minilm: Embedder) -> None:
    assert RuleVerifier(minilm).verify([Claim(sentence, (0,))], [_passage(RETURNS)])[0].verdict == verdict


def test_no_claims_and_no_passages_give_nothing() -> None:
    assert RuleVerifier(BagOfWordsEmbedder()).verify([], []) == []
    assert RuleVerifier(BagOfWordsEmbedder()).verify([Claim("Anything at all.", ())], []) == [Judgement("unsupported", ())]


@given(TEXTS, TEXTS)
def test_any_text_is_checked_and_offsets_are_within_the_passage(sentence: str, text: str) -> None:
    for cited in ((), (0,), (0, 0)):
        checked = RuleVerifier(BagOfWordsEmbedder()).verify([Claim(sentence, cited)], [_passage(text)])[0]
        for support in checked.supports:
            assert 0 <= support.start <= support.end <= len(text)
            assert 0.0 <= support.score <= 1.0


@given(st.sampled_from([RETURNS, CARE]), st.data())
def test_a_copied_sentence_is_supported_by_itself(text: str, data: st.DataObject) -> None:
    sentence = data.draw(st.sampled_from([each.rstrip(".") + "." for each in text.split(". ")]))

    checked = _checked(sentence, text)

    assert checked.verdict == "supported"
    assert _words(checked, text)[0].rstrip(".") == sentence.rstrip(".")
