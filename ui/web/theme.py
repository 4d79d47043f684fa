"""Paper, ink and one warm accent, as Gradio's theme variables; style.css has the rest."""

from pathlib import Path

from gradio.themes import Base

from ui.web.scripts import FOLDER

PAPER, CARD, INK, SOFT, LINE = "#fbfaf7", "#ffffff", "#1d1d1b", "#67645c", "#e6e2d8"
ACCENT, ACCENT_SOFT = "#9a3b1e", "#f6e7e0"
DARK_PAPER, DARK_CARD, DARK_INK, DARK_SOFT, DARK_LINE = "#171614", "#1f1e1b", "#ece8df", "#a59f92", "#35322c"
DARK_ACCENT, DARK_ACCENT_SOFT = "#f0906b", "#3a2620"

SANS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]


def stylesheets() -> list[Path]:
    """The page's style, then that of each view of Explore."""
    return [FOLDER / "style.css", *sorted((FOLDER / "exploring").glob("*.css"))]


def theme() -> Base:
    """The page's theme, light and dark."""
    return Base(font=SANS, font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"]).set(
        body_background_fill=PAPER,
        body_background_fill_dark=DARK_PAPER,
        body_text_color=INK,
        body_text_color_dark=DARK_INK,
        body_text_color_subdued=SOFT,
        body_text_color_subdued_dark=DARK_SOFT,
        background_fill_primary=PAPER,
        background_fill_primary_dark=DARK_PAPER,
        background_fill_secondary=CARD,
        background_fill_secondary_dark=DARK_CARD,
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_border_width_dark="0px",
        block_shadow="none",
        block_shadow_dark="none",
        border_color_primary=LINE,
        border_color_primary_dark=DARK_LINE,
        border_color_accent=ACCENT,
        border_color_accent_dark=DARK_ACCENT,
        color_accent=ACCENT,
        color_accent_soft=ACCENT_SOFT,
        color_accent_soft_dark=DARK_ACCENT_SOFT,
        link_text_color=ACCENT,
        link_text_color_dark=DARK_ACCENT,
        link_text_color_hover=ACCENT,
        link_text_color_hover_dark=DARK_ACCENT,
        link_text_color_visited=ACCENT,
        link_text_color_visited_dark=DARK_ACCENT,
        input_background_fill=CARD,
        input_background_fill_dark=DARK_CARD,
        input_border_color=LINE,
        input_border_color_dark=DARK_LINE,
        input_placeholder_color=SOFT,
        input_placeholder_color_dark=DARK_SOFT,
        button_primary_background_fill=ACCENT,
        button_primary_background_fill_dark=DARK_ACCENT,
        button_primary_background_fill_hover="#842f15",
        button_primary_background_fill_hover_dark="#f5a484",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#1d1d1b",
        button_secondary_background_fill="transparent",
        button_secondary_background_fill_dark="transparent",
        button_secondary_text_color=INK,
        button_secondary_text_color_dark=DARK_INK,
        button_secondary_border_color=LINE,
        button_secondary_border_color_dark=DARK_LINE,
    )
