"""Paper, ink and one warm accent, as Gradio's theme variables; style.css has the rest."""

from pathlib import Path

from gradio.themes import Base

from ui.web.scripts import FOLDER

SANS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]

PAPER, CARD, INK = ("#fbfaf7", "#171614"), ("#ffffff", "#1f1e1b"), ("#1d1d1b", "#ece8df")
SOFT, LINE = ("#67645c", "#a59f92"), ("#e6e2d8", "#35322c")
ACCENT, ACCENT_SOFT = ("#9a3b1e", "#f0906b"), ("#f6e7e0", "#3a2620")
COLOURS = {
    "body_background_fill": PAPER,
    "body_text_color": INK,
    "body_text_color_subdued": SOFT,
    "background_fill_primary": PAPER,
    "background_fill_secondary": CARD,
    "block_background_fill": ("transparent", "transparent"),
    "block_border_width": ("0px", "0px"),
    "block_shadow": ("none", "none"),
    "border_color_primary": LINE,
    "border_color_accent": ACCENT,
    "link_text_color": ACCENT,
    "link_text_color_hover": ACCENT,
    "link_text_color_visited": ACCENT,
    "input_background_fill": CARD,
    "input_border_color": LINE,
    "input_placeholder_color": SOFT,
    "button_primary_background_fill": ACCENT,
    "button_primary_background_fill_hover": ("#842f15", "#f5a484"),
    "button_primary_text_color": ("#ffffff", "#1d1d1b"),
    "button_secondary_background_fill": ("transparent", "transparent"),
    "button_secondary_text_color": INK,
    "button_secondary_border_color": LINE,
}
"""Theme variables: light and dark."""


def stylesheets() -> list[Path]:
    """The page's style, then that of the settings and of each view of Explore."""
    return [FOLDER / "style.css", FOLDER / "settings.css", *sorted((FOLDER / "exploring").glob("*.css"))]


def theme() -> Base:
    """The page's theme, light and dark."""
    light = {name: colours[0] for name, colours in COLOURS.items()}
    dark = {f"{name}_dark": colours[1] for name, colours in COLOURS.items()}
    accents = {"color_accent": ACCENT[0], "color_accent_soft": ACCENT_SOFT[0], "color_accent_soft_dark": ACCENT_SOFT[1]}
    return Base(font=SANS, font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"]).set(**light, **dark, **accents)
