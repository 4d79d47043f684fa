"""A cross-encoder that checks claims, as it is used: its labels are read from its folder."""

from pathlib import Path

import pytest
import torch
from transformers import BertForSequenceClassification, BertModel

from rag import Library, Settings, VerifierError
from rag.verifying.choosing import build_model
from rag.verifying.model import Evidence
from tests.chat_server import ChatServer
from tests.fakes import BagOfWordsEmbedder
from tests.integration.test_reranking import a_config, save

ASKED = [Evidence("return refund", "battery", "warranty battery. river"), Evidence("music " * 100, "", "winter " * 100)]


def a_model(folder: Path, labels: list[str]) -> str:
    torch.manual_seed(3)
    config = a_config(len(labels))
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: number for number, label in enumerate(labels)}
    return save(BertForSequenceClassification(config), folder)


def test_an_nli_model_judges_in_the_order_of_its_labels(tmp_path: Path) -> None:
    one = build_model(a_model(tmp_path / "one", ["entailment", "neutral", "contradiction"])).opinions(ASKED)
    other = build_model(a_model(tmp_path / "other", ["contradiction", "neutral", "entailment"])).opinions(ASKED)
    for mine, theirs in zip(one, other, strict=True):
        assert mine.supported == pytest.approx(theirs.contradicted)
        assert 0 < mine.supported + mine.contradicted < 1


def test_a_model_with_one_output_gives_a_probability(tmp_path: Path) -> None:
    assert all(
        0 < each.supported < 1 and not each.contradicted for each in build_model(a_model(tmp_path / "one", ["LABEL_0"])).opinions(ASKED)
    )


def test_a_model_whose_labels_say_something_else_is_refused(tmp_path: Path) -> None:
    model = build_model(a_model(tmp_path / "mood", ["joy", "anger", "fear"]))
    with pytest.raises(VerifierError, match="joy, anger, fear"):
        model.opinions(ASKED)


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(VerifierError, match="not a cross-encoder"):
        build_model(str(tmp_path)).opinions(ASKED)


def test_an_encoder_without_a_classifier_is_refused(tmp_path: Path) -> None:
    encoder = save(BertModel(a_config()), tmp_path / "encoder")
    with pytest.raises(VerifierError, match="not a cross-encoder"):
        build_model(encoder).opinions(ASKED)


def test_the_model_that_the_settings_name_has_its_say(tmp_path: Path) -> None:
    note = tmp_path / "rules.txt"
    note.write_text("Employees may work from home only after their manager has approved it. Tea is served at noon.", encoding="utf-8")
    text = "Remote work for employees has to be cleared with the manager first."

    def verdict(word: str) -> str:
        with ChatServer() as server:
            server.reply = lambda _: word
            settings = Settings(verifier=server.url("/ok/v1"), verifier_model="stand-in")
            with Library.open(tmp_path / word, settings, embedder=BagOfWordsEmbedder()) as library:
                library.add([note])
                return library.check(text).sentences[0].verdict

    assert [verdict(word) for word in ("supported", "contradicted")] == ["supported", "related"]
