"""Parses sums of words: `king - man + woman`, `0.5 * cat + "sea lion"`."""

import re
from dataclasses import dataclass

from rag.errors import ExploringError

MOST_TERMS = 20
LONGEST_TERM = 500  # characters
MOST_WEIGHT = 1000.0

_NUMBER = r"\d+(?:[.]\d+)?|[.]\d+"
_TOKEN = re.compile(
    rf"""\s*(?:
        ["“”](?P<phrase>[^"“”]*)["“”]
        | (?P<weight>{_NUMBER})\s*[*×·]
        | (?P<sign>[+]|[-−–](?=\s|["“]|$)|(?<!\S)[-−–])
        | (?P<word>[^\s+*×·"“”]+)
        | (?P<stray>\S)
    )""",
    re.VERBOSE,
)

EXAMPLE = "For example: king - man + woman."


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase of a sum, and the factor of its vector: 1, -1, or the number written before it."""

    text: str
    weight: float


def parse_expression(expression: str) -> tuple[Term, ...]:
    """Parse a sum such as `king - man + woman`.

    Adjacent words are a phrase, and so is anything in quotation marks. A number and a star weight the term that follows. A minus has a
    space before it, so that a hyphen within a word is none.

    Args:
        expression: At most 20 terms.

    Raises:
        ExploringError: It cannot be parsed; the message says where.
    """
    parts: list[tuple[str, list[tuple[str, str]]]] = [("", [])]
    for match in _TOKEN.finditer(expression.strip()):
        kind = match.lastgroup or ""
        if kind == "sign":
            parts.append((match[kind], []))
        else:
            parts[-1][1].append((kind, match[kind]))
    if len(parts) > 1 and not parts[0][1]:
        del parts[0]  # it begins with a sign
    if len(parts) > MOST_TERMS:
        raise ExploringError(f"There are {len(parts)} terms. At most {MOST_TERMS} are allowed.")
    return tuple(_term(sign, part) for sign, part in parts)


def _term(sign: str, part: list[tuple[str, str]]) -> Term:
    """Parse the tokens between two signs: a weight, if any, and words."""
    kinds = [kind for kind, _ in part]
    if "stray" in kinds or "weight" in kinds[1:]:
        wrong = next(value for place, (kind, value) in enumerate(part) if kind == "stray" or (kind == "weight" and place))
        raise ExploringError(f"“{wrong}” cannot be read here. Put + or - between terms, and phrases in quotation marks. {EXAMPLE}")
    weight = float(part[0][1]) if kinds[:1] == ["weight"] else 1.0
    text = " ".join(value.strip() for kind, value in part if kind != "weight").strip()
    if not text:
        raise ExploringError(f"A word is missing after “{sign}”. {EXAMPLE}" if sign else f"There is nothing to add up. {EXAMPLE}")
    if len(text) > LONGEST_TERM:
        raise ExploringError(f"A term has {len(text):,} characters. At most {LONGEST_TERM} are allowed.")
    if not 0 < weight <= MOST_WEIGHT:
        raise ExploringError(f"The weight of “{text}” must be above 0 and at most {MOST_WEIGHT:,.0f}.")
    return Term(text, weight if sign in {"", "+"} else -weight)
