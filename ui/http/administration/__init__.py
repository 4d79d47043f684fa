"""The pages for administrators, and for who gives others rights in a library: plain forms in one frame (`frame`), without a script."""

from pathlib import Path

from fastapi import APIRouter

from ui.http.access import Access
from ui.http.administration.audit import audit_routes
from ui.http.administration.frame import Frame
from ui.http.administration.groups import group_routes
from ui.http.administration.libraries import Removal, library_routes
from ui.http.administration.usage import usage_routes
from ui.http.administration.users import user_routes
from ui.people.audit import AUDIT_FOLDER


def administration_routes(access: Access, folder: Path, remove: Removal) -> APIRouter:
    """The routes of the whole server, whose folder it is; `remove` removes a library."""
    router, frame = APIRouter(), Frame()
    servers = user_routes(access, frame), group_routes(access, frame), library_routes(access, frame, folder, remove)
    for routes in (*servers, audit_routes(folder / AUDIT_FOLDER, frame), usage_routes(access, frame)):
        router.include_router(routes)
    return router
