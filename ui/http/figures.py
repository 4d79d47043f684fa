"""Figures and tables of Explore, and the script that draws them."""

from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import FileResponse

FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}


def figure_routes(find: Callable[[str], bytes | None]) -> APIRouter:
    """`/figures/{id}.json`, `/figures/{id}.csv` and `/figures/plotly.min.js`; `find` gives None for what has expired."""
    router = APIRouter()

    @router.get("/figures/plotly.min.js")
    def script() -> FileResponse:
        import plotly

        path = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
        return FileResponse(path, media_type="text/javascript", headers=FOREVER)

    @router.get("/figures/{figure_id}.json")
    def figure(figure_id: str) -> Response:
        return Response(_found(f"{figure_id}.json"), media_type="application/json", headers=FOREVER)

    @router.get("/figures/{table_id}.csv")
    def table(table_id: str) -> Response:
        headers = {"Content-Disposition": "attachment", **FOREVER}
        return Response(_found(f"{table_id}.csv"), media_type="text/csv; charset=utf-8", headers=headers)

    def _found(name: str) -> bytes:
        if (data := find(name)) is None:
            raise HTTPException(404, "This figure or table has expired. Draw it again.")
        return data

    return router
