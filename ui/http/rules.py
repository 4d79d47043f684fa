"""What each route needs, and how large a request to it may be."""

import re
from collections.abc import Sequence
from typing import Literal

from ui.people.rights import Right

Need = Right | Literal["anyone", "known", "person", "administrator"]
"""What a route needs: a right in its library, nothing, anybody whom the server knows, or a person (whose role is administrator) who has
signed in on the page.
"""

RULES: Sequence[tuple[str, str, Need]] = (
    ("GET POST", r"/sign-in|/first-administrator|/choose-password", "anyone"),
    ("GET", r"/sign-in/(begin|callback)", "anyone"),
    ("GET", r"/healthz|/readyz|/favicon\.ico|/api/docs|/api/openapi\.json", "anyone"),
    ("GET", r"/api/libraries", "known"),
    ("GET POST", r"/account(/.*)?", "person"),
    ("POST", r"/sign-out", "person"),
    ("GET POST", r"/administration(/.*)?", "administrator"),
    ("GET", r"/metrics", "read"),  # of an administrator: `ui.http.metrics`
    ("GET", r"/doctor|/api/(findings|settings)", "admin"),
    ("GET", r"/(assets|static)/.*", "known"),  # Gradio's files, for the pages of all libraries
    ("GET", r"/|/theme\.css|/manifest\.json|/health|/(documents|figures|conversations|shared)/.*|/gradio_api/.*", "read"),
    ("GET", r"/(api|v1)/.*", "read"),
    ("POST", r"/gradio_api/(queue/join|run/predict|cancel|reset)", "read"),  # each event has a right of its own: `ui.web.rights`
    ("POST", r"/gradio_api/upload", "ask"),  # Check, Compare and Classify take files too
    ("POST", r"/api/(search|chunks)", "read"),
    ("POST", r"/api/(ask|check|confidence|eval)|/v1/.*", "ask"),
    ("PATCH POST DELETE", r"/api/conversations/.*", "ask"),
    ("POST", r"/shared/.*", "ask"),
    ("POST", r"/mcp", "ask"),
    ("POST", r"/api/(documents|paths|removed/.*)", "write"),
    ("PUT DELETE", r"/api/documents/.*", "write"),
)
"""Methods, a regular expression that the whole path matches, and what is needed; the first that fits counts. All else needs "admin".

They hold in each library, for the path within it; outside the main one nothing is open to all.
"""

QUESTIONS = re.compile(r"/api/(ask|search|check|confidence|eval)|/v1/(chat/completions|responses|embeddings)")
"""What is a question, and counted as one; the page's events and the tools of `/mcp` say so themselves."""

PROGRAMS = re.compile(r"/(api|v1|mcp)(/.*)?|/metrics")
FORMS = re.compile(r"/sign-in|/sign-out|/first-administrator|/choose-password|/(account|administration|rights)(/.*)?")
UPLOADS = re.compile(r"/gradio_api/(upload|queue/join|run/predict)|/api/documents")
"""What has a limit of its own, as the settings say or for an event; `MOST_BYTES` holds for all other requests."""
MOST_BYTES = 64_000_000  # of a program's
MOST_FORM_BYTES = 64_000  # of all others


def need_of(method: str, path: str) -> Need:
    """What a route needs."""
    method = "GET" if method == "HEAD" else method
    return next((need for methods, pattern, need in RULES if method in methods.split() and re.fullmatch(pattern, path)), "admin")
