"""Sentences on the page, and how far work is."""

from ui.rendering.html import render


def explained(words: str) -> str:
    """What a view shows and how to read it."""
    return render("explore_said.html", kind="fn-explain", role="", words=words)


def said(words: str) -> str:
    """A sentence beside what is shown; a screen reader says it."""
    return render("explore_said.html", kind="fn-soft", role="status", words=words)


def trouble(error: Exception | str) -> str:
    """What went wrong and what to do."""
    return render("explore_said.html", kind="fn-trouble", role="alert", words=str(error))


def progress(words: str, share: float) -> str:
    """How far work is.

    Args:
        words: What is done meanwhile.
        share: That is done, in [0, 1].
    """
    return render("explore_bar.html", words=words, share=share)
