"""Questions with gold -> figures: how well a library finds what is known to be in it.

read (questions, gold, text_spans) -> search (running) -> judge (judging) -> measure (metrics, intervals) -> compare (comparing, variant)
"""

from rag.errors import EvaluationError, QuestionFileError, SettingChangeError
from rag.evaluating.comparing import Comparison, Difference, compare
from rag.evaluating.gold import Corpus, Gold
from rag.evaluating.metrics import Metric, Scores
from rag.evaluating.questions import Question, read_questions
from rag.evaluating.running import Evaluation, Retriever, Row, evaluate
from rag.evaluating.variant import changed_settings, open_variant

__all__ = [
    "Comparison",
    "Corpus",
    "Difference",
    "Evaluation",
    "EvaluationError",
    "Gold",
    "Metric",
    "Question",
    "QuestionFileError",
    "Retriever",
    "Row",
    "Scores",
    "SettingChangeError",
    "changed_settings",
    "compare",
    "evaluate",
    "open_variant",
    "read_questions",
]
