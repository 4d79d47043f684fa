"""What stands between the network and Gradio's app."""

from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.route_utils import BUILD_PATH_LIB

from rag.settings import Settings
from ui.http.events import MOST_TABS_IN_ALL, EventGate
from ui.http.gradio_routes import NeededRoutesOnly
from ui.http.page_scripts import PageScripts
from ui.http.uploads import Uploads, UploadsNoted
from ui.web.running import GradioRunning


def close_off(app: FastAPI, page: gr.Blocks, settings: Settings) -> None:
    """Put our own checks around Gradio's app, which was mounted last, and switch on Gradio's.

    Args:
        app: What it is mounted in.
        page: Mounted.
        settings: Limits of uploads.
    """
    page.has_launched = True  # else Gradio takes a file from anywhere: it checks paths in apps that were launched, not mounted
    mounted: Any = app.routes[-1]
    mounted.app.state_holder.capacity = MOST_TABS_IN_ALL
    uploads = Uploads()
    gated = EventGate(mounted.app, uploads, GradioRunning(page))
    limited = UploadsNoted(gated, uploads, most_files=settings.max_upload_files, most_bytes=int(settings.max_upload_megabytes * 1e6))
    scripts = {script for block in page.blocks.values() if (script := getattr(block, "js_on_load", None))}
    mounted.app = NeededRoutesOnly(PageScripts(limited, Path(BUILD_PATH_LIB), sorted(scripts)))
