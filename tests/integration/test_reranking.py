"""Both rerankers as they are used: a small cross-encoder, trained here, and endpoints that behave well and badly."""

import json
import random
import socket
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import SecretStr
from sentence_transformers import CrossEncoder
from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizer

from rag import RerankingError
from rag.endpoints.rerank import EndpointReranker
from rag.reranking import CrossEncoderReranker, Reranker, build_reranker
from tests.rerank_server import RerankServer

WORDS = ["return", "refund", "warranty", "battery", "garden", "river", "music", "winter"]
MODEL_TOKENS = 64
LEARNED_LOSS = 0.02

QUESTION = "When may items be returned?"
TEXTS = ["Shipping is free of charge.", "Items may be returned within thirty days.", "Refunds: when items be here."]
BEST = 1


def a_tokenizer() -> BertTokenizer:
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "?", "."]
    return BertTokenizer(vocab={word: number for number, word in enumerate(vocabulary)}, model_max_length=MODEL_TOKENS)


def a_config(labels: int = 1) -> BertConfig:
    config = BertConfig(
        vocab_size=len(WORDS) + 7,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=MODEL_TOKENS,
        hidden_dropout_prob=0,
        attention_probs_dropout_prob=0,
        initializer_range=0.2,
    )
    config.num_labels = labels
    return config


def save(model: Any, folder: Path) -> str:
    model.save_pretrained(folder)
    a_tokenizer().save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Several threads are far slower with so small a model."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a model that has learned, in some seconds, to prefer texts that hold the question's word."""
    draw = random.Random(0)
    losses: deque[float] = deque([1.0], maxlen=10)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, tokenizer = BertForSequenceClassification(a_config()), a_tokenizer()
        torch.nn.init.normal_(model.bert.embeddings.word_embeddings.weight)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        while max(losses) > LEARNED_LOSS:
            asked = [draw.choice(WORDS) for _ in range(32)]
            texts = [draw.sample(WORDS, 3) for _ in asked]
            logits = model(**tokenizer(asked, [" ".join(text) for text in texts], return_tensors="pt", padding=True)).logits.squeeze(-1)
            truths = torch.tensor([float(word in text) for word, text in zip(asked, texts, strict=True)])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, truths)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(loss.item())
    return save(model, tmp_path_factory.mktemp("trained") / "tiny-reranker")


@pytest.fixture(scope="module")
def cross_encoder(trained: str) -> CrossEncoderReranker:
    return CrossEncoderReranker(trained)


# --- the cross-encoder ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", WORDS)
def test_a_text_that_answers_comes_first(cross_encoder: CrossEncoderReranker, word: str) -> None:
    others = [other for other in WORDS if other != word]
    texts = [" ".join(others[:3]), " ".join(others[2:5]), f"{others[5]} {word} {others[0]}", " ".join(others[4:])]
    scores = cross_encoder.scores(word, texts)
    assert max(range(4), key=scores.__getitem__) == 2


def test_the_scores_are_the_model_s_own_and_in_the_order_of_the_texts(cross_encoder: CrossEncoderReranker, trained: str) -> None:
    texts = [" ".join(WORDS[n % 8 : n % 8 + 1 + n % 5]) for n in range(40)]
    model, tokenizer = BertForSequenceClassification.from_pretrained(trained), a_tokenizer()
    with torch.inference_mode():
        logits = [model(**tokenizer("river", text, return_tensors="pt")).logits.item() for text in texts]
    scores = cross_encoder.scores("river", texts)
    assert scores == pytest.approx(logits, abs=1e-4)
    assert all(type(score) is float for score in scores)


def test_of_a_pair_that_is_too_long_the_text_is_cut(cross_encoder: CrossEncoderReranker) -> None:
    long = "garden music " * 500
    assert cross_encoder.scores("river", [long, long + "river"]) == pytest.approx(cross_encoder.scores("river", [long] * 2))
    room = MODEL_TOKENS - 3 - 20  # besides [CLS], [SEP] twice and the question
    asked = "river " * 20
    fits, is_cut, is_shorter = ["garden " * count for count in (room, room + 1, room - 1)]
    scores = cross_encoder.scores(asked, [fits, is_cut, is_shorter])
    assert scores[0] == pytest.approx(scores[1], abs=1e-6)
    assert scores[0] != pytest.approx(scores[2], abs=1e-6)


def test_a_question_that_is_too_long_leaves_room_for_the_text(cross_encoder: CrossEncoderReranker) -> None:
    texts = ["river music garden", "winter music garden"]
    scores = cross_encoder.scores("river " * 20_000, texts)
    half = (MODEL_TOKENS - 3) // 2
    assert scores == pytest.approx(cross_encoder.scores("river " * half, texts))
    assert scores[0] != pytest.approx(scores[1], abs=1e-6)


@pytest.mark.parametrize("question", ["", "?", "\ud800", "河 🚀", "\u200b", 'NEAR( AND *"'])
def test_any_question_and_text_have_a_score(cross_encoder: CrossEncoderReranker, question: str) -> None:
    assert len(cross_encoder.scores(question, ["", question, "river " * 300])) == 3


def test_no_texts_have_no_scores(cross_encoder: CrossEncoderReranker) -> None:
    assert cross_encoder.scores("river", []) == []


def test_it_is_identified_by_its_weights_without_being_loaded(trained: str, tmp_path: Path) -> None:
    identity = CrossEncoderReranker(trained).identity
    assert identity.startswith("cross-encoder:tiny-reranker:")
    other = save(BertForSequenceClassification(a_config()), tmp_path / "tiny-reranker")
    assert CrossEncoderReranker(other).identity != identity
    (tmp_path / "weights-alone").mkdir()
    (tmp_path / "weights-alone" / "model.safetensors").write_bytes(b"not weights")
    assert CrossEncoderReranker(str(tmp_path / "weights-alone")).identity


def test_several_threads_may_use_it(trained: str) -> None:
    reranker = CrossEncoderReranker(trained)  # not loaded yet: they load it together
    got: dict[int, list[float]] = {}

    def work(n: int) -> None:
        got[n] = [score for _ in range(3) for score in reranker.scores(WORDS[n], ["river music", "winter garden"])]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(4):
        assert got[n] == pytest.approx(reranker.scores(WORDS[n], ["river music", "winter garden"]) * 3, abs=1e-5)


def test_a_folder_saved_by_sentence_transformers_is_taken(trained: str, tmp_path: Path) -> None:
    CrossEncoder(trained, local_files_only=True).save(str(tmp_path / "saved"))
    texts = ["winter", "river"]
    saved = CrossEncoderReranker(str(tmp_path / "saved")).scores("river", texts)
    assert saved == pytest.approx(CrossEncoderReranker(trained).scores("river", texts), abs=1e-5)


@pytest.mark.parametrize("name", ["nobody/no-such-model", "no-such-model", "all-MiniLM-L6-v2"])
def test_a_model_that_is_not_here_is_told_and_nothing_is_fetched(name: str) -> None:
    with pytest.raises(RerankingError, match=rf"'{name}' is not on this machine.*RAG_RERANKER"):
        CrossEncoderReranker(name).scores("Anything?", ["Text."])


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(RerankingError, match=r"no model weights.*RAG_RERANKER"):
        CrossEncoderReranker(str(tmp_path)).scores("Anything?", ["Text."])
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(RerankingError, match="not a cross-encoder"):
        CrossEncoderReranker(str(tmp_path)).scores("Anything?", ["Text."])
    a_config().save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({**a_config().to_dict(), "architectures": ["BertForSequenceClassification"]}))
    a_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(RerankingError, match="could not be loaded"):
        CrossEncoderReranker(str(tmp_path)).scores("Anything?", ["Text."])


def test_an_embedding_model_is_not_taken_for_a_cross_encoder(tmp_path: Path) -> None:
    with pytest.raises(RerankingError, match=r"not a cross-encoder.*RAG_RERANKER"):
        CrossEncoderReranker(save(BertModel(a_config()), tmp_path)).scores("river", ["river"])


def test_a_model_with_several_labels_is_refused(tmp_path: Path) -> None:
    folder = save(BertForSequenceClassification(a_config(labels=3)), tmp_path)
    with pytest.raises(RerankingError, match="3 numbers for a pair, not one score"):
        CrossEncoderReranker(folder).scores("river", ["river"])


def test_scores_that_are_no_numbers_are_an_error(tmp_path: Path) -> None:
    model = BertForSequenceClassification(a_config())
    with torch.no_grad():
        model.classifier.weight.fill_(float("nan"))
    with pytest.raises(RerankingError, match="scores that are not numbers"):
        CrossEncoderReranker(save(model, tmp_path)).scores("river", ["river"])


# --- the endpoint -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared_server() -> Iterator[RerankServer]:
    with RerankServer() as server:
        yield server


@pytest.fixture
def server(shared_server: RerankServer) -> RerankServer:
    shared_server.requests.clear()
    return shared_server


def an_endpoint(server: RerankServer, path: str, *, model: str | None = None, key: str | None = None, seconds: float = 10) -> Reranker:
    return EndpointReranker(server.url(path), model, SecretStr(key) if key else None, seconds)


@pytest.mark.parametrize("behaviour", ["ok", "bare", "data", "echo"])
def test_scores_come_back_in_the_order_of_the_texts(server: RerankServer, behaviour: str) -> None:
    scores = an_endpoint(server, f"/{behaviour}/v1").scores(QUESTION, TEXTS)
    assert scores == pytest.approx([0.0, 0.8, 0.6])


@pytest.mark.parametrize("path", ["/ok", "/ok/", "/ok/v1", "/ok/v1/", "/ok/v1/rerank", "/ok/v1/rerank/", "/ok/v1/reranking"])
def test_the_address_is_found_however_it_ends(server: RerankServer, path: str) -> None:
    assert max(an_endpoint(server, path).scores(QUESTION, TEXTS)) == pytest.approx(0.8)
    assert len(server.requests) == 1


@pytest.mark.parametrize("path", ["/unversioned", "/tei", "/tei/v1", "/v2/v2", "/v2/v2/rerank"])
def test_other_addresses_are_tried_and_what_answered_is_remembered(server: RerankServer, path: str) -> None:
    reranker = an_endpoint(server, path)
    assert max(reranker.scores(QUESTION, TEXTS)) == pytest.approx(0.8)
    before = len(server.requests)
    reranker.scores(QUESTION, TEXTS)
    assert len(server.requests) == before + 1


def test_the_least_is_sent(server: RerankServer) -> None:
    an_endpoint(server, "/ok").scores(QUESTION, TEXTS)
    assert server.requests[0].body == {"query": QUESTION, "documents": TEXTS}
    assert "authorization" not in server.requests[0].headers


def test_what_is_set_is_sent(server: RerankServer) -> None:
    an_endpoint(server, "/wants-model", model="rerank-3", key=" secret\n").scores(QUESTION, TEXTS)
    assert server.requests[0].body["model"] == "rerank-3"
    assert server.requests[0].headers["authorization"] == "Bearer secret"


def test_text_embeddings_inference_is_sent_what_it_wants(server: RerankServer) -> None:
    reranker = an_endpoint(server, "/tei/rerank")
    assert reranker.scores(QUESTION, TEXTS) == reranker.scores(QUESTION, TEXTS) == pytest.approx([0.0, 0.8, 0.6])
    assert [set(request.body) for request in server.requests] == [
        {"query", "documents"},
        {"query", "texts", "truncate"},
        {"query", "texts", "truncate"},
    ]


def test_texts_left_out_come_last(server: RerankServer) -> None:
    scores = an_endpoint(server, "/top-two").scores(QUESTION, ["Nothing here.", *TEXTS])
    assert scores[2] == pytest.approx(0.8)
    assert max(scores[0], scores[1]) < scores[3] < scores[2]


def test_no_texts_ask_nothing(server: RerankServer) -> None:
    assert an_endpoint(server, "/ok").scores(QUESTION, []) == []
    assert server.requests == []


@pytest.mark.parametrize("question", ["", "x", "word " * 20_000, "\ud800 lone", "\x00", '"NEAR( AND *', "返品 🚀"])
def test_any_question_can_be_asked(server: RerankServer, question: str) -> None:
    assert len(an_endpoint(server, "/ok").scores(question, ["\udfff", "", *TEXTS])) == 5
    assert len(server.requests[0].body["query"]) <= 2000


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ("401", r"needs a key \(401\)\. Set RAG_RERANKER_API_KEY"),
        ("403", r"needs a key \(403\)\. Set RAG_RERANKER_API_KEY"),
        ("404", r"no rerank endpoint at this address \(404\).*Check RAG_RERANKER"),
        ("no-model", r"needs the name of a model \(404\).*The model `other` does not exist.*Set RAG_RERANKER_MODEL"),
        ("wants-model", r"needs the name of a model \(422\).*Set RAG_RERANKER_MODEL"),
        ("413", r"refused the request \(413\).*batch size 20.*Lower RAG_RERANK_DEPTH to send fewer texts"),
        ("429", r"has reached its rate limit \(429\).*Trial key.*Wait a moment"),
        ("500", r"failed \(500\).*input is too large.*server's log"),
        ("says-texts", r"refused the request \(400\).*no texts today.*Check RAG_RERANKER"),
        ("html", r"does not answer as a rerank endpoint does \(text/html: no list of results\).*RAG_RERANKER"),
        ("json", r"does not answer as a rerank endpoint does \(application/json: no list"),
        ("words", "no list of results"),
        ("none", "no text is scored"),
        ("twice", "text 1 is scored twice"),
        ("outside", "index 3, where 3 texts were sent"),
        ("negative", "index -1, where 3 texts were sent"),
        ("no-index", "without an index"),
        ("no-score", "without a score"),
        ("text-score", "without a score"),
        ("true-score", "without a score"),
        ("nan", "no finite number"),
        ("huge", "no finite number"),
        ("deep", "no list of results"),
        ("cut", "closed the connection"),
        ("cut-early", "closed the connection"),
        ("endless", "more than 20 MB"),
    ],
)
def test_what_goes_wrong_is_told_with_what_to_do(server: RerankServer, behaviour: str, told: str) -> None:
    with pytest.raises(RerankingError, match=told):
        an_endpoint(server, f"/{behaviour}/v1").scores(QUESTION, TEXTS)


@pytest.mark.parametrize("behaviour", ["silent", "trickle"])
def test_an_answer_that_takes_too_long_is_given_up(server: RerankServer, behaviour: str) -> None:
    with pytest.raises(RerankingError, match=r"within 0\.3 seconds.*RAG_RERANK_DEPTH"):
        an_endpoint(server, f"/{behaviour}/v1", seconds=0.3).scores(QUESTION, TEXTS)


def test_nothing_at_the_address_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(RerankingError, match=rf"No reranker answers at http://127\.0\.0\.1:{port}\. Start the server"):
        EndpointReranker(f"http://127.0.0.1:{port}", None, None, 10).scores(QUESTION, TEXTS)


def test_a_redirect_is_not_followed(server: RerankServer) -> None:
    with RerankServer() as other:
        server.redirect_to = other.url("/ok/v1/rerank?token=1")
        with pytest.raises(RerankingError, match=rf"redirects to {other.url('/ok/v1/rerank')}\. .*RAG_RERANKER"):
            an_endpoint(server, "/redirect/v1", key="secret").scores(QUESTION, TEXTS)
        assert other.requests == []


def test_the_key_is_never_shown(server: RerankServer) -> None:
    with pytest.raises(RerankingError, match=r"bad request from Bearer \*\*\*") as caught:
        an_endpoint(server, "/echo-key/v1", key="s3cret").scores(QUESTION, TEXTS)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(RerankingError, match="refused the key"):
        an_endpoint(server, "/401/v1", key="s3cret").scores(QUESTION, TEXTS)
    with pytest.raises(RerankingError, match="characters that no key has"):
        an_endpoint(server, "/ok/v1", key="s3\ncret").scores(QUESTION, TEXTS)


@pytest.mark.parametrize(
    "url", ["http://", "http://[::1", "ftp://host/v1", "host:8080", "http://a b/v1", "http://u:pw@host/v1", "http://host/v1?key=pw"]
)
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(RerankingError, match="RAG_RERANKER") as caught:
        EndpointReranker(url, None, None, 10).scores(QUESTION, TEXTS)
    assert "pw" not in str(caught.value)


def test_the_address_without_secrets_identifies_it() -> None:
    assert EndpointReranker("http://me:pw@host/v1?key=pw", "m", None, 10).identity == "endpoint:http://host/v1:m"


# --- choosing ---------------------------------------------------------------------------------------------------------------------


def test_a_setting_means_an_endpoint_or_a_model(server: RerankServer, trained: str) -> None:
    endpoint = build_reranker(f" {server.url('/ok/v1')} ", "m", SecretStr("secret"))
    scores = endpoint.scores(QUESTION, TEXTS)
    assert scores.index(max(scores)) == BEST
    assert (server.requests[0].body["model"], server.requests[0].headers["authorization"]) == ("m", "Bearer secret")
    assert build_reranker(trained).identity.startswith("cross-encoder:")
    assert build_reranker("HTTPS://host").identity == "endpoint:HTTPS://host:"
