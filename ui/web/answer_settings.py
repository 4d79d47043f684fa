"""The settings tab's form for how answers are to be: passages, language, tone, length, and own instructions."""

from typing import Any

import gradio as gr

from rag.library import Library
from rag.storing.kept_settings import KEEPABLE
from rag.text.language_names import LANGUAGES
from ui import text
from ui.limits import limited
from ui.rendering.html import render
from ui.web.contract import AT_ONCE, PRIVATE, Warned, on
from ui.web.scripts import script

MOST_CHARACTERS = 5000  # of a field; the settings say how many it may have


def build_answer_settings(page: gr.Blocks, library: Library) -> None:
    """Lay the form out and wire it."""
    form = gr.HTML(elem_id="answers", js_on_load=script("answer_settings.js"))
    handlers = AnswerSettingsHandlers(library)
    page.load(handlers.show, None, form, **AT_ONCE)
    on(form, "save_answers")(handlers.save, None, form, **PRIVATE)


class AnswerSettingsHandlers:
    """The events of the form."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def show(self, is_saved: bool = False) -> str:
        """The form with what is in effect, and beside each field where it is set, if that is elsewhere."""
        settings, fixed = self._library.settings, {name: self._library.fixed_by(name) for name in KEEPABLE}
        names = sorted({*LANGUAGES.values(), *filter(None, [settings.answer_language])})
        languages = {"": text.ANSWER_LANGUAGE_ANY, **{name: name for name in names}}
        return render("answer_settings.html", settings=settings, fixed=fixed, languages=languages, is_saved=is_saved)

    def save(self, event: gr.EventData) -> Any:
        """Keep what is typed; where it cannot be used, say so and leave the form as it is."""
        with Warned():
            typed: dict[str, Any] = {
                name: limited(getattr(event, name, ""), MOST_CHARACTERS, name).strip()
                for name in KEEPABLE
                if not self._library.fixed_by(name)
            }
            self._library.change_settings(lambda kept: kept.with_values(**typed))
            return self.show(is_saved=True)
        return gr.skip()
