"""Figures on the page: kept for a while, served as JSON with the script that draws them."""

import json

import numpy as np
from fastapi import FastAPI
from fastapi.testclient import TestClient

from rag.exploring.figures.heat import heat_map
from rag.exploring.figures.style import mark
from ui.http.figures import figure_routes
from ui.web.exploring.figures import Figures

NAMES = ["a text of more than twenty-four characters", "<b>two</b>"]


def test_a_figure_is_served_until_newer_ones_take_its_place() -> None:
    figure = heat_map(np.eye(2, dtype=np.float32), NAMES, NAMES)
    figures = Figures(most_bytes=int(1.5 * len(figure.to_json())))
    app = FastAPI()
    app.include_router(figure_routes(figures.find))
    client = TestClient(app)

    first = figures.keep(figure)
    answer = client.get(f"/figures/{first}.json")
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.content)["data"][0]["type"] == "heatmap"
    second = figures.keep(figure)
    assert client.get(f"/figures/{first}.json").status_code == 404
    assert client.get(f"/figures/{second}.json").status_code == 200
    assert client.get("/figures/plotly.min.js").headers["content-type"].startswith("text/javascript")


def test_a_table_is_downloaded_as_spreadsheets_read_it() -> None:
    figures = Figures()
    app = FastAPI()
    app.include_router(figure_routes(figures.find))
    client = TestClient(app)
    table = figures.keep_table("text,label\nZoë,a\n")
    answer = client.get(f"/figures/{table}.csv")
    assert answer.content.decode("utf-8-sig") == "text,label\nZoë,a\n"
    assert answer.headers["content-disposition"] == "attachment"
    assert client.get(f"/figures/{table}.json").status_code == 404


def test_the_place_of_a_figure_escapes_what_is_said_of_it() -> None:
    html = Figures().show(heat_map(np.eye(2, dtype=np.float32), NAMES, NAMES), 'How "alike" <they> are', "passage")
    assert 'aria-label="How &#34;alike&#34; &lt;they&gt; are"' in html
    assert 'data-name="passage"' in html


def test_groups_are_told_apart_by_colour_and_then_by_shape() -> None:
    assert len({mark(group) for group in range(70)}) == 70
    assert mark(-1)[1] == "circle-open"
