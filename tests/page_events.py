"""Events of the page and what is painted for them, without a browser."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, TypeVar

import gradio as gr

T = TypeVar("T")


def event(**data: Any) -> gr.EventData:
    """What a script on the page triggers."""
    return gr.EventData(None, data)


def drive(paintings: AsyncGenerator[T, None]) -> list[T]:
    """All that is painted."""

    async def collect() -> list[T]:
        return [painted async for painted in paintings]

    return asyncio.run(collect())
