"""Layers that are switched off: what is in them is taken out of a PDF before it is read, since no viewer shows it."""

import io
from typing import Any

import pypdf
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, NameObject, StreamObject

_SHOWING = frozenset(b"Tj TJ ' \" Do sh f F f* S s B B* b b*".split()) | {b"INLINE IMAGE"}
_DEEPEST = 8


def without_hidden(data: bytes, password: str) -> bytes | None:
    """The file without what its hidden layers hold; None where it has none, or pypdf cannot tell."""
    try:
        reader = pypdf.PdfReader(io.BytesIO(data), password=password or None)
        hidden = _hidden(reader)
        if not hidden:
            return None
        writer = pypdf.PdfWriter(clone_from=reader)
        taken = _Taker(writer, _hidden(writer))
        for page in writer.pages:
            taken.from_page(page)
        if not taken.count:
            return None
        with io.BytesIO() as file:
            writer.write(file)
            return file.getvalue()
    except Exception:  # noqa: BLE001 - pypdf raises errors of every kind on odd files
        return None


def _hidden(pdf: Any) -> set[int]:
    """The object numbers of the layers that are off."""
    properties = pdf.root_object.get("/OCProperties")
    if properties is None:
        return set()
    properties = properties.get_object()
    default = properties.get("/D", DictionaryObject()).get_object()
    groups = {_number(group) for group in properties.get("/OCGs", [])}
    off = {_number(group) for group in default.get("/OFF", [])}
    if default.get("/BaseState") == "/OFF":
        off |= groups - {_number(group) for group in default.get("/ON", [])}
    return off - {0}


def _number(reference: Any) -> int:
    return int(getattr(reference, "idnum", 0))


def _layer_of(dictionary: Any) -> Any:
    return dictionary.raw_get("/OC") if "/OC" in dictionary else None


class _Taker:
    def __init__(self, writer: Any, hidden: set[int]) -> None:
        self.count = 0
        self._writer = writer
        self._hidden = hidden
        self._done: set[int] = set()

    def from_page(self, page: Any) -> None:
        resources = page.get("/Resources", DictionaryObject()).get_object()
        if "/Contents" in page and self._concerns(resources):
            content = ContentStream(page["/Contents"].get_object(), self._writer)
            if self._take(content, resources):
                page.replace_contents(content)
        self._from_forms(resources, 0)
        notes = list(page.get("/Annots", []))
        kept = [note for note in notes if not self._is_hidden(_layer_of(note.get_object()))]
        if len(kept) < len(notes):
            page[NameObject("/Annots")] = ArrayObject(kept)
            self.count += 1

    def _concerns(self, resources: Any) -> bool:
        """Whether a content stream with these resources names a hidden layer."""
        properties = resources.get("/Properties", DictionaryObject()).get_object()
        return any(self._is_hidden(properties.raw_get(name)) for name in properties)

    def _is_hidden(self, layer: Any) -> bool:
        """Whether a layer is off, or the layers of a group of them are."""
        if layer is None:
            return False
        if _number(layer) in self._hidden:
            return True
        group = layer.get_object()
        if not isinstance(group, DictionaryObject) or group.get("/Type") != "/OCMD" or "/OCGs" not in group:
            return False
        members = group.raw_get("/OCGs")
        members = list(members.get_object()) if isinstance(members.get_object(), list) else [members]
        are_off = [_number(member) in self._hidden for member in members]
        policy = group.get("/P", "/AnyOn")
        shown = {"/AllOn": not any(are_off), "/AnyOff": any(are_off), "/AllOff": all(are_off)}.get(policy, not all(are_off))
        return bool(are_off) and not shown

    def _take(self, content: Any, resources: Any) -> bool:
        """Leave out of a content stream what shows something between the marks of a hidden layer."""
        properties = resources.get("/Properties", DictionaryObject()).get_object()
        kept, marks = [], list[bool]()
        for operands, operator in content.operations:
            if operator in {b"BDC", b"BMC"}:
                is_layer = operator == b"BDC" and operands[0] == "/OC" and operands[1] in properties
                marks.append(is_layer and self._is_hidden(properties.raw_get(operands[1])))
            elif operator == b"EMC" and marks:
                marks.pop()
            elif any(marks) and operator in _SHOWING:
                self.count += 1
                continue
            kept.append((operands, operator))
        is_changed = len(kept) < len(content.operations)
        if is_changed:
            content.operations = kept
        return is_changed

    def _from_forms(self, resources: Any, depth: int) -> None:
        forms = resources.get("/XObject", DictionaryObject()).get_object()
        for name in list(forms):
            form = forms[name].get_object()
            number = _number(forms.raw_get(name))
            if not isinstance(form, StreamObject) or number in self._done or depth > _DEEPEST:
                continue
            self._done.add(number)
            if self._is_hidden(_layer_of(form)):
                form.set_data(b"")
                form[NameObject("/Subtype")] = NameObject("/Form")
                self.count += 1
            elif form.get("/Subtype") == "/Form" and "/Resources" in form:
                inner = form["/Resources"].get_object()
                if self._concerns(inner):
                    content = ContentStream(form, self._writer)
                    if self._take(content, inner):
                        form.set_data(content.get_data())
                self._from_forms(inner, depth + 1)
