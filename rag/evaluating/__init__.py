"""Questions with gold -> figures: how well a library finds what is known to be in it.

read (questions, gold, text_spans) -> search (running) -> judge (judging) -> measure (metrics, intervals) -> compare (comparing, variant)
"""

from rag.errors import EvaluationError as EvaluationError, QuestionFileError as QuestionFileError, SettingChangeError as SettingChangeError
from rag.evaluating.calibrating import CalibrationResult as CalibrationResult, Rates as Rates, calibrate as calibrate
from rag.evaluating.comparing import Comparison as Comparison, Difference as Difference, compare as compare
from rag.evaluating.gold import Corpus as Corpus, Gold as Gold
from rag.evaluating.metrics import Metric as Metric, Scores as Scores
from rag.evaluating.questions import Question as Question, read_questions as read_questions
from rag.evaluating.running import Evaluation as Evaluation, Retriever as Retriever, Row as Row, evaluate as evaluate
from rag.evaluating.variant import changed_settings as changed_settings, open_variant as open_variant
