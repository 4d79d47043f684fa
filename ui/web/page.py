"""Gradio's page, without its memory of all that was ever sent and shown."""

from typing import Any

import gradio as gr


class Page(gr.Blocks):
    """Gradio keeps what each event is given and shows, for its links to a state of the page, and never lets go of it: they are not used."""

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False) -> Any:
        """As Gradio's; what it has kept of the inputs is dropped."""
        given = await super().preprocess_data(block_fn, inputs, state, explicit_call)
        _forget(state)
        return given

    async def postprocess_data(self, block_fn: Any, predictions: Any, state: Any) -> Any:
        """As Gradio's; what it has kept of the outputs is dropped."""
        shown = await super().postprocess_data(block_fn, predictions, state)
        _forget(state)
        return shown


def _forget(state: Any) -> None:
    if state is not None:
        state.config_values.clear()
