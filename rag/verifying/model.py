"""A model that reads a claim together with the words nearest to it, and says what these make of the claim.

`ClaimModel` is what the check asks where `RAG_VERIFIER` names one: `cross_encoder` and `judges` have those there are, `choosing` chooses.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Evidence(NamedTuple):
    """A claim, the heading that its evidence stands under, and the evidence: a few sentences."""

    claim: str
    heading: str
    text: str


class Opinion(NamedTuple):
    """How probable it is that evidence supports a claim, and that it contradicts it, each in [0, 1]."""

    supported: float
    contradicted: float


class ClaimModel(Protocol):
    """Judges claims by evidence. Any thread may call it."""

    def opinions(self, asked: Sequence[Evidence]) -> list[Opinion]:
        """One for each, in order.

        Raises:
            VerifierError: The model or endpoint that `RAG_VERIFIER` names cannot be used.
        """
