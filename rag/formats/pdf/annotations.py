"""What a viewer shows on top of a page: form fields and typed comments become part of it, other comments are notes below it."""

import ctypes
from collections.abc import Iterator
from typing import Any

import pypdfium2.raw

_SHOWN = frozenset({pypdfium2.raw.FPDF_ANNOT_FREETEXT, pypdfium2.raw.FPDF_ANNOT_STAMP, pypdfium2.raw.FPDF_ANNOT_WIDGET})
_WITH_NOTES = frozenset(
    {
        pypdfium2.raw.FPDF_ANNOT_TEXT,
        pypdfium2.raw.FPDF_ANNOT_HIGHLIGHT,
        pypdfium2.raw.FPDF_ANNOT_UNDERLINE,
        pypdfium2.raw.FPDF_ANNOT_SQUIGGLY,
        pypdfium2.raw.FPDF_ANNOT_STRIKEOUT,
        pypdfium2.raw.FPDF_ANNOT_SQUARE,
        pypdfium2.raw.FPDF_ANNOT_CIRCLE,
        pypdfium2.raw.FPDF_ANNOT_CARET,
    }
)
_NEVER_SEEN = pypdfium2.raw.FPDF_ANNOT_FLAG_HIDDEN | pypdfium2.raw.FPDF_ANNOT_FLAG_NOVIEW
_NORMAL = pypdfium2.raw.FPDF_ANNOT_APPEARANCEMODE_NORMAL
_EMPTY = 2  # bytes of an empty string, with its end
_MOST = 2_000  # annotations of a page that are looked at
_LONGEST_NOTE = 4_000


def take_annotations(page: Any) -> tuple[list[str], bool]:
    """What comments say that are seen only when opened; and whether the page has changed: what is shown has become part of it.

    So it is read and marked where it stands, once the page is loaded anew.
    """
    notes, is_shown = list[str](), False
    for annotation in _annotations(page):
        kind, flags = pypdfium2.raw.FPDFAnnot_GetSubtype(annotation), pypdfium2.raw.FPDFAnnot_GetFlags(annotation)
        if flags & _NEVER_SEEN:
            pypdfium2.raw.FPDFAnnot_SetFlags(annotation, flags | pypdfium2.raw.FPDF_ANNOT_FLAG_HIDDEN)
            continue
        has_look = kind in _SHOWN and pypdfium2.raw.FPDFAnnot_GetAP(annotation, _NORMAL, None, 0) > _EMPTY
        is_shown = is_shown or has_look or kind == pypdfium2.raw.FPDF_ANNOT_WIDGET
        is_note = kind in _WITH_NOTES or (kind == pypdfium2.raw.FPDF_ANNOT_FREETEXT and not has_look)
        if is_note and (note := _contents(annotation)) and note not in notes:
            notes.append(note)
    if is_shown:
        pypdfium2.raw.FPDFPage_Flatten(page, pypdfium2.raw.FLAT_NORMALDISPLAY)
    return notes, is_shown


def attachment_names(document: Any) -> list[str]:
    """The names of the files within a PDF."""
    names = []
    for index in range(min(document.count_attachments(), _MOST)):
        name = " ".join(document.get_attachment(index).get_name().split())
        if name and name not in names:
            names.append(name)
    return names


def _annotations(page: Any) -> Iterator[Any]:
    for index in range(min(pypdfium2.raw.FPDFPage_GetAnnotCount(page), _MOST)):
        if annotation := pypdfium2.raw.FPDFPage_GetAnnot(page, index):
            try:
                yield annotation
            finally:
                pypdfium2.raw.FPDFPage_CloseAnnot(annotation)


def _contents(annotation: Any) -> str:
    length = min(pypdfium2.raw.FPDFAnnot_GetStringValue(annotation, b"Contents", None, 0), 2 * _LONGEST_NOTE)
    buffer = ctypes.create_string_buffer(length + 2)
    pypdfium2.raw.FPDFAnnot_GetStringValue(annotation, b"Contents", ctypes.cast(buffer, ctypes.POINTER(pypdfium2.raw.FPDF_WCHAR)), length)
    return " ".join(buffer.raw[: max(length - 2, 0)].decode("utf-16-le", "replace").split())
