"""Routes of the settings that a library keeps; keys are never sent."""

import hashlib
import json
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from rag.errors import SettingsError
from rag.library import Library
from rag.remote.wire import SettingsState, encoded
from rag.settings import Settings
from rag.storing.kept_settings import KeptSettings, restored, shown
from ui.http.access import caller_of
from ui.http.api.describing import verb

CHANGED = "The settings were changed by another program meanwhile. Read them again."
NOT_YOURS = "Chat models are connected on the server's own machine, with `rag settings connect`, or by administrators who sign in."
ABOUT_KEYS = "A key is shown as asterisks; sent back so, it stays. With `If-Match`, nothing is changed that another program has changed."


def settings_api(library: Library) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["library"])

    @router.get(
        "/settings",
        response_model=SettingsState,
        summary="What the library keeps",
        description=ABOUT_KEYS,
        openapi_extra=verb(Library.kept_settings),
    )
    def settings() -> Response:
        kept = library.kept_settings
        fixed = {name: where for name in Settings.model_fields if (where := library.fixed_by(name))}
        content = json.dumps(encoded(SettingsState(shown(kept), fixed)))
        return Response(content, media_type="application/json", headers={"ETag": _tag(kept), "Cache-Control": "no-store"})

    @router.put(
        "/settings",
        response_model=None,
        summary="Change what the library keeps",
        description=ABOUT_KEYS,
        openapi_extra=verb(Library.change_settings),
    )
    def change(
        request: Request,
        given: KeptSettings,
        if_match: Annotated[str, Header(description="The `ETag` of what was read.")] = "",
    ) -> None:
        def changed(kept: KeptSettings) -> KeptSettings:
            if if_match not in {"", _tag(kept)}:
                raise SettingsError(CHANGED)
            wanted = restored(given, kept)
            if wanted.connections != kept.connections and not caller_of(request.scope).connects:
                raise HTTPException(403, NOT_YOURS)
            return wanted

        library.change_settings(changed)

    return router


def _tag(kept: KeptSettings) -> str:
    return f'"{hashlib.sha256(json.dumps(encoded(shown(kept))).encode()).hexdigest()[:32]}"'
