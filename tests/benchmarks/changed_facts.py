"""Sentences with one fact changed, in many languages: `python -m tests.benchmarks.changed_facts` says how many of each kind are caught."""

import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.embedding.backends import build_embedder
from rag.embedding.protocol import Embedder
from rag.settings import Settings
from rag.types import Passage
from rag.verifying.protocol import Claim, Judgement
from rag.verifying.rules import RuleVerifier

TABLE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True)
class ChangedFact:
    """A claim that changes one fact of its source: a kind of the table, in a language."""

    language: str
    kind: str
    claim: str
    source: str


def changed_facts() -> Iterator[ChangedFact]:
    """All of the table, once for each of a language's subjects."""
    for language, table in tomllib.loads(TABLE.read_text(encoding="utf-8")).items():
        for subject in table["subjects"].split(", "):
            for kind, pair in table.items():
                if kind != "subjects":
                    source, claim = (_capitalised(each.replace("{s}", subject)) for each in pair.split(" | "))
                    yield ChangedFact(language, kind, claim, source)


def judged(claim: str, source: str, embedder: Embedder) -> Judgement:
    """The judgement on a claim by a source of these words."""
    passage = Passage(1, 1.0, 1.0, "notes.txt", "0" * 64, 1, "1", 0, len(source), source, "", 0, source)
    return RuleVerifier(embedder).verify([Claim(claim, (0,))], [passage])[0]


def main() -> None:
    """Print the table, and what is missed."""
    settings = Settings()
    embedder = build_embedder(settings.embedding_model, settings.embedding_backend, settings.exported_models)
    caught: dict[tuple[str, str], list[bool]] = defaultdict(list)
    kept: list[bool] = []
    for fact in changed_facts():
        is_caught = judged(fact.claim, fact.source, embedder).verdict != "supported"
        kept.append(judged(fact.source, fact.source, embedder).verdict == "supported")
        for place in ((fact.kind, fact.language), (fact.kind, "all"), ("all", fact.language), ("all", "all")):
            caught[place].append(is_caught)
        if not is_caught:
            print(f"missed: {fact.language} {fact.kind}: {fact.claim} <- {fact.source}")
    kinds, languages = (sorted(dict.fromkeys(place[at] for place in caught), key=lambda name: name == "all") for at in (0, 1))
    print(f"{'caught of':12}{''.join(f'{language:>9}' for language in languages)}")
    for kind in kinds:
        shares = [f"{sum(each)}/{len(each)}" for each in (caught[kind, language] for language in languages)]
        print(f"{kind:12}{''.join(f'{share:>9}' for share in shares)}")
    print(f"quoted as it is, and supported: {sum(kept)}/{len(kept)}")


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


if __name__ == "__main__":
    main()
