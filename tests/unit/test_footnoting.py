from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Answer, Passage
from rag.answering.citations import CitationResolver
from rag.answering.footnoting import footnoted
from rag.types import CheckedSentence, Gap, Verdict
from rag.verifying.protocol import Claim, Judgement, Support

TEXTS = ("Rain falls on Monday. The sun shines.", "Snow falls on Friday.", "Fog comes on Sunday.")
PASSAGES = tuple(Passage(n, 0.9, 0.9, "notes.txt", "d" * 64, 1, "1", 100 * n, 100 * n + len(text), text) for n, text in enumerate(TEXTS, 1))


def answered(written: str) -> Answer:
    resolver = CitationResolver(PASSAGES)
    text = resolver.feed(written) + resolver.finish()
    return Answer("Why?", text, resolver.citations, PASSAGES, "stand-in", "complete", "", 1.0)


class FirstWordVerifier:
    """A passage supports a claim that begins with a word it begins with, by its first sentence; "Hail" is nowhere."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []

    def verify(self, claims: Sequence[Claim], passages: Sequence[Passage]) -> list[Judgement]:
        """Judge by first words, and remember the claims."""

        def support(claim: Claim, index: int) -> Support:
            text = passages[index].text
            verdict: Verdict = "supported" if claim.text.split()[0] == text.split()[0] else "unsupported"
            return Support(index, 0, text.index(".") + 1 if verdict == "supported" else 0, verdict, 1.0)

        self.claims += claims
        judgements = []
        for claim in claims:
            supports = [support(claim, index) for index in claim.cited or range(len(passages))]
            good = [each for each in supports if each.verdict == "supported"]
            judgements.append(Judgement("supported" if good else "unsupported", tuple(supports if claim.cited else good[:1])))
        return judgements


def sentences_of(answer: Answer) -> list[tuple[str, Verdict, tuple[int, ...]]]:
    return [(answer.text[one.start : one.end], one.verdict, one.citations) for one in answer.sentences]


def test_each_footnote_gets_its_sentence_its_words_and_its_verdict() -> None:
    answer = footnoted(answered("Rain falls on Monday [1]. Hail falls never [2]."), FirstWordVerifier())
    rain, hail = answer.citations
    assert (rain.sentence, rain.verdict, rain.quote) == ("Rain falls on Monday.", "supported", "Rain falls on Monday.")
    assert (rain.quote_start, rain.quote_end) == (100, 121)
    assert (hail.sentence, hail.verdict, hail.quote) == ("Hail falls never.", "unsupported", TEXTS[1])
    assert sentences_of(answer) == [("Rain falls on Monday[1].", "supported", (0,)), ("Hail falls never[2].", "unsupported", (1,))]


def test_a_supported_sentence_without_a_number_gets_one_and_numbers_follow_the_text() -> None:
    answer = footnoted(answered("Snow falls on Friday. Rain falls [1]. Snow falls then. Hail falls never."), FirstWordVerifier())
    assert answer.text == "Snow falls on Friday.[1] Rain falls[2]. Snow falls then.[1] Hail falls never."
    assert [(citation.number, citation.passage.rank) for citation in answer.citations] == [(1, 2), (2, 1), (1, 2)]
    assert [citation.verdict for citation in answer.citations] == ["supported"] * 3
    assert sentences_of(answer) == [
        ("Snow falls on Friday.[1]", "supported", (0,)),
        ("Rain falls[2].", "supported", (1,)),
        ("Snow falls then.[1]", "supported", (2,)),
        ("Hail falls never.", "unsupported", ()),
    ]


class MovingVerifier:
    """Says that the second passage supports every claim, and what the one that is cited lacks of it."""

    def __init__(self, *, has_better: bool) -> None:
        self._has_better = has_better

    def verify(self, claims: Sequence[Claim], passages: Sequence[Passage]) -> list[Judgement]:
        """Find the last word of each claim missing."""
        better = Support(1, 0, len(passages[1].text), "supported", 0.9) if self._has_better else None
        judgements = []
        for claim in claims:
            start = claim.text.rindex(" ") + 1
            gap = Gap(start, len(claim.text) - 1, "words")
            judgements.append(Judgement("related", tuple(Support(index, 0, 0, "related", 0.3) for index in claim.cited), (gap,), better))
        return judgements


def test_a_footnote_moves_to_the_passage_that_supports_its_sentence_and_says_so() -> None:
    answer = footnoted(answered("Snow falls on Friday [3]."), MovingVerifier(has_better=True))
    (moved,) = answer.citations
    assert (moved.passage, moved.number, moved.verdict, moved.is_moved) == (PASSAGES[1], 1, "supported", True)
    assert answer.sentences == (CheckedSentence(0, 24, "supported", (0,)),)


def test_words_that_are_not_supported_are_found_in_the_answer() -> None:
    answer = footnoted(answered("Rain never falls. **Snow** falls [1] on  *Friday* [2]."), MovingVerifier(has_better=False))
    gaps = [gap for sentence in answer.sentences for gap in sentence.gaps]
    assert [answer.text[gap.start : gap.end] for gap in gaps] == ["falls", "Friday"]
    assert not any(citation.is_moved for citation in answer.citations)


def test_a_footnote_goes_after_the_emphasis_and_not_into_code_or_tables() -> None:
    answer = footnoted(answered("**Rain falls here.**\n\n| Rain | here and now |\n\n```\nRain falls here.\n```\n"), FirstWordVerifier())
    assert answer.text.startswith("**Rain falls here.**[1]\n\n| Rain | here and now |\n\n```\nRain falls here.\n```")
    assert len(answer.citations) == 1


def test_a_footnote_outside_of_any_sentence_was_not_checked() -> None:
    (citation,) = footnoted(answered("```\nx\n```\n[1]"), FirstWordVerifier()).citations
    assert (citation.verdict, citation.sentence, citation.quote) == ("related", "", TEXTS[0])


def test_a_sentence_that_cites_one_passage_twice_is_compared_with_it_once() -> None:
    verifier = FirstWordVerifier()
    answer = footnoted(answered("Rain [1] falls on Monday [2][1]."), verifier)
    assert verifier.claims == [Claim("Rain falls on Monday.", (0, 1))]
    assert [citation.verdict for citation in answer.citations] == ["supported", "unsupported", "supported"]


@pytest.mark.parametrize("text", ["", "Yes.", "# Rain\n\n```\nx\n```"])
def test_an_answer_without_statements_stays_as_it_is(text: str) -> None:
    assert footnoted(answered(text), FirstWordVerifier()) == answered(text)


WRITTEN = st.lists(
    st.sampled_from(
        ["Rain falls", "Snow falls here", "Hail", ". ", "[1]", " [2, 3]", "\n", "\n\n", "- ", "# ", "| ", "```", "`", "**", "。"]
    ),
    max_size=30,
).map("".join)


@given(WRITTEN)
def test_footnotes_stand_at_their_places_and_words_are_not_touched(written: str) -> None:
    before = answered(written)
    answer = footnoted(before, FirstWordVerifier())
    assert all(answer.text.startswith(f"[{citation.number}]", citation.position) for citation in answer.citations)
    numbers = list(dict.fromkeys(citation.number for citation in answer.citations))
    assert numbers == list(range(1, len(numbers) + 1))
    assert bare(answer) == bare(before)
    for sentence in answer.sentences:
        assert all(sentence.start <= answer.citations[index].position < sentence.end for index in sentence.citations)


def bare(answer: Answer) -> str:
    """The text without its footnotes."""
    text = answer.text
    for citation in reversed(answer.citations):
        text = text[: citation.position] + text[citation.position + len(f"[{citation.number}]") :]
    return text


def test_the_rest_of_an_answer_stays() -> None:
    before = replace(answered("Rain falls on Monday [1]."), reasoning="Hm.", notice="Look out.")
    after = footnoted(before, FirstWordVerifier())
    assert (after.reasoning, after.notice, after.passages) == ("Hm.", "Look out.", PASSAGES)
