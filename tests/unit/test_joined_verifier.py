"""Rules and a model together: what the model is asked, what it can change, and which models a setting names."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from rag.errors import VerifierError
from rag.types import Passage, Verdict
from rag.verifying.choosing import build_model
from rag.verifying.cross_encoder import outputs_of
from rag.verifying.joined import JoinedVerifier
from rag.verifying.model import Evidence, Opinion
from rag.verifying.protocol import Claim, Judgement, Support
from rag.verifying.selecting import evidence_for
from tests.chat_server import ChatServer
from tests.rerank_server import RerankServer

TEXT = "Shipping is free. Employees may work from home. Trains are second class. Their manager has to approve it first. Tea is served."
CLAIM = Claim("Employees may work from home with approval of their manager.", (0,))


def passage(text: str = TEXT, heading: str = "Rules") -> Passage:
    return Passage(1, 1.0, 1.0, "handbook.pdf", "0" * 64, 1, "1", 0, len(text), text, heading, 0, text)


class Rules:
    """Says the same of each claim."""

    def __init__(self, *supports: Support) -> None:
        self._supports = supports

    def verify(self, claims: Sequence[Claim], _: Sequence[Passage]) -> list[Judgement]:
        verdicts = {support.verdict for support in self._supports}
        best: Verdict = "supported" if "supported" in verdicts else "related" if "related" in verdicts else "unsupported"
        return [Judgement(best, self._supports) for _ in claims]


class Model:
    """Has one opinion of everything, and remembers what it was asked."""

    def __init__(self, supported: float, contradicted: float = 0.01) -> None:
        self._opinion = Opinion(supported, contradicted)
        self.asked: list[Evidence] = []

    def opinions(self, asked: Sequence[Evidence]) -> list[Opinion]:
        self.asked += asked
        return [self._opinion for _ in asked]


@pytest.mark.parametrize(
    ("rules", "score", "model", "expected"),
    [
        ("related", 0.6, 0.99, "supported"),
        ("related", 0.6, 0.05, "related"),
        ("supported", 0.8, 0.97, "supported"),
        ("supported", 0.75, 0.01, "related"),
        ("unsupported", 0.01, 0.6, "unsupported"),
    ],
)
def test_the_model_can_change_a_verdict_that_is_not_sure(rules: Verdict, score: float, model: float, expected: str) -> None:
    verifier = JoinedVerifier(Rules(Support(0, 0, 17, rules, score)), Model(model))
    (judgement,) = verifier.verify([CLAIM], [passage()])
    assert (judgement.verdict, judgement.supports[0].verdict) == (expected, expected)


def test_the_model_is_not_asked_about_a_claims_own_words_nor_about_nothing() -> None:
    model = Model(0.0)
    assert JoinedVerifier(Rules(Support(0, 0, 17, "supported", 1.0)), model).verify([CLAIM], [passage()])[0].verdict == "supported"
    assert JoinedVerifier(Rules(), model).verify([CLAIM], [passage()])[0].verdict == "unsupported"
    assert not model.asked


def test_a_claim_that_cites_nothing_gains_no_footnote_that_the_model_doubts() -> None:
    rules, claim = Rules(Support(0, 0, 17, "supported", 0.8)), Claim(CLAIM.text, ())
    assert JoinedVerifier(rules, Model(0.01)).verify([claim], [passage()]) == [Judgement("unsupported", ())]
    assert JoinedVerifier(rules, Model(0.99)).verify([claim], [passage()]) == rules.verify([claim], [])


def test_a_claim_on_several_passages_is_read_with_the_best_of_each_and_with_all() -> None:
    model = Model(0.99)
    supports = [Support(index, 0, 17, "related", score) for index, score in enumerate((0.3, 0.6, 0.1, 0.5))]
    (judgement,) = JoinedVerifier(Rules(*supports), model).verify([Claim(CLAIM.text, (0, 1, 2, 3))], [passage()] * 4)
    assert judgement.verdict == "supported"
    assert [support.verdict for support in judgement.supports] == ["supported", "supported", "related", "supported"]
    assert len(model.asked) == 4


def test_evidence_is_the_words_found_and_the_sentences_with_the_rest_of_the_claim() -> None:
    found = TEXT.index("Employees")
    evidence = evidence_for(CLAIM, [Support(0, found, found + 29, "related", 0.6)], [passage()])
    assert evidence.text == "Employees may work from home. Their manager has to approve it first."
    assert evidence.heading == "handbook > Rules"


@pytest.mark.parametrize("claim", ["", "?", "x" * 2000, "x = [1, 2]; f(x)", "\ud800", "你好"])
def test_evidence_for_odd_claims(claim: str) -> None:
    evidence = evidence_for(Claim(claim, (0,)), [Support(0, 0, 0, "unsupported", 0.0)], [passage("", "")])
    assert evidence == Evidence(claim, "handbook", "")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["entailment", "neutral", "contradiction"], (0, 2)),
        (["CONTRADICTION", "NEUTRAL", "ENTAILMENT"], (2, 0)),
        (["not_entailment", "entailment"], (1, None)),
        (["SUPPORTS", "REFUTES", "NOT ENOUGH INFO"], (0, 1)),
        (["LABEL_0", "LABEL_1"], (1, None)),
        (["LABEL_0"], (0, None)),
    ],
)
def test_labels_tell_which_output_means_supported(labels: list[str], expected: tuple[int, int | None]) -> None:
    assert outputs_of("model", dict(enumerate(labels))) == expected


@pytest.mark.parametrize("labels", [["LABEL_0", "LABEL_1", "LABEL_2"], ["positive", "negative"], ["entailment", "supported", "other"]])
def test_unknown_labels_are_told(labels: list[str]) -> None:
    with pytest.raises(VerifierError, match=f"labels of the verifier 'mood' .*{labels[0]}.*RAG_VERIFIER"):
        outputs_of("mood", dict(enumerate(labels)))


def test_a_verifier_that_is_not_here_is_told(tmp_path: Path) -> None:
    with pytest.raises(VerifierError, match="not on this machine"):
        build_model(str(tmp_path / "none" / "such")).opinions([Evidence("a", "", "b")])


def test_a_scoring_server_judges() -> None:
    with RerankServer() as server:
        model = build_model(server.url("/ok/v1/rerank"))
        good, bad = model.opinions([Evidence("Tea is served", "", "Tea is served."), Evidence("Tea is served", "", "Shipping")])
        assert 1 >= good.supported > bad.supported >= 0
        with pytest.raises(VerifierError, match="RAG_VERIFIER names failed"):
            build_model(server.url("/500/v1/rerank")).opinions([Evidence("a", "", "b")])


def says(word: str) -> Callable[[list[dict[str, str]]], str]:
    return lambda _: word


@pytest.mark.parametrize(
    ("reply", "index"), [("Supported.", 0), ("contradicted", 1), ("unknown", 2), ("It is not supported, hence: unknown", 2), ("Hm", 2)]
)
def test_a_chat_model_judges(reply: str, index: int) -> None:
    expected = [Opinion(0.95, 0.02), Opinion(0.02, 0.95), Opinion(0.05, 0.1)][index]
    with ChatServer() as server:
        server.reply = says(reply)
        settings: dict[str, Any] = {"model": "stand-in"}
        assert build_model(server.url("/ok/v1"), **settings).opinions([Evidence("Tea is served.", "", "Tea.")]) == [expected]


def test_a_chat_model_that_fails_is_told() -> None:
    with ChatServer() as server, pytest.raises(VerifierError, match="RAG_VERIFIER names failed"):
        build_model(server.url("/500/v1"), "stand-in").opinions([Evidence("a", "", "b")])
