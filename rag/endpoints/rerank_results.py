"""What a rerank endpoint answers -> one score for each text."""

import json
import math
from typing import Any

SCORE_NAMES = ("relevance_score", "score")
LIST_NAMES = ("results", "data")

BELOW_THE_LEAST = 1.0
"""How far below the least score the texts are put that a server left out."""


def read_scores(answer: str, texts: int) -> list[float]:
    """Read an endpoint's answer.

    Args:
        answer: JSON as it was received.
        texts: How many texts were sent.

    Returns:
        A finite score for each text, in their order.

    Raises:
        ValueError: It is not such an answer; the message says in a few words what it is.
    """
    try:
        body = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise ValueError("no JSON") from error
    found: dict[int, float] = {}
    for result in _list(body):
        index, score = _index(result, texts), _score(result)
        if index in found:
            raise ValueError(f"text {index} is scored twice")
        found[index] = score
    if not found:
        raise ValueError("no text is scored")
    left_out = min(found.values()) - BELOW_THE_LEAST
    return [found.get(index, left_out) for index in range(texts)]


def _list(body: Any) -> list[Any]:
    if isinstance(body, dict):
        body = next((body[name] for name in LIST_NAMES if name in body), None)
    if type(body) is not list:
        raise ValueError("no list of results")
    return body


def _index(result: Any, texts: int) -> int:
    index = result.get("index") if isinstance(result, dict) else None
    if type(index) is not int:  # which a bool is not
        raise ValueError("a result without an index")
    if not 0 <= index < texts:
        raise ValueError(f"index {index}, where {texts} texts were sent")
    return index


def _score(result: dict[str, Any]) -> float:
    score: Any = next((result[name] for name in SCORE_NAMES if name in result), None)
    if type(score) not in {int, float}:
        raise ValueError("a result without a score")
    try:
        number = float(score)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("a score that is no finite number")
    return number
