"""The page's figures, the script that draws them, and tables to download."""

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import FileResponse

if TYPE_CHECKING:
    from ui.web.exploring.figures import Figures

FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}


def figure_routes(figures: "Figures") -> APIRouter:
    """`/figures/{id}.json`, `/figures/{id}.csv` and `/figures/plotly.min.js`."""
    router = APIRouter()

    @router.get("/figures/plotly.min.js")
    def script() -> FileResponse:
        import plotly

        path = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
        return FileResponse(path, media_type="text/javascript", headers=FOR_EVER)

    @router.get("/figures/{figure_id}.json")
    def figure(figure_id: str) -> Response:
        found = figures.find(f"{figure_id}.json")
        if found is None:
            raise HTTPException(404, "This figure is no longer kept.")
        return Response(found, media_type="application/json", headers=FOR_EVER)

    @router.get("/figures/{table_id}.csv")
    def table(table_id: str) -> Response:
        found = figures.find(f"{table_id}.csv")
        if found is None:
            raise HTTPException(404, "This table is no longer kept.")
        return Response(found, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": "attachment", **FOR_EVER})

    return router
