"""English stems of one word family that the stemmer leaves apart: "payment" and "pay", "kept" and "keep"."""

from functools import lru_cache

from rag.text.terms import indexed_terms

LEAST_STEM = 3  # letters
_ENDINGS = (
    *(("ment", ""), ("eri", ""), ("ns", "nd"), ("us", "ud"), ("iss", "it"), ("uct", "uc"), ("cis", "cid"), ("istr", "ist")),
    *(("rag", "r"), ("ianc", "i"), ("essari", "ess"), ("uri", "ur"), ("umpt", "um"), ("cript", "crib")),
    ("our", "or"),
)
"""Of the noun's stem, and of the verb's: expans/expand, inclus/includ, permiss/permit, reduct/reduc, decis/decid, registr/regist,
coverag/cover, complianc/compli, injuri/injur, assumpt/assum, descript/describ; colour/color."""

_IRREGULAR = (
    "keep/kept hold/held meet/met buy/bought sell/sold/sale pay/paid send/sent spend/spent lend/lent build/built leave/left lose/lost/loss "
    "make/made say/said tell/told find/found think/thought bring/brought teach/taught catch/caught seek/sought feel/felt deal/dealt "
    "mean/meant lead/led feed/fed win/won sit/sat stand/stood understand/understood hear/heard sleep/slept get/got/gotten "
    "begin/began/begun sing/sang/sung drink/drank/drunk swim/swam run/ran ring/rang write/wrote/written "
    "drive/drove/driven ride/rode/ridden rise/rose/risen speak/spoke/spoken/speech break/broke/broken choose/chose/chosen/choice "
    "steal/stole/stolen freeze/froze/frozen take/took/taken give/gave/given eat/ate/eaten fall/fell/fallen see/saw/seen "
    "know/knew/known/knowledge grow/grew/grown/growth throw/threw/thrown draw/drew/drawn fly/flew/flown show/shown wear/wore/worn "
    "bear/bore/born tear/tore go/went/gone do/did/done become/became come/came forbid/forbade/forbidden forget/forgot/forgotten "
    "shoot/shot fight/fought bind/bound hang/hung lie/lay/lain lay/laid strike/struck prove/proof/proven die/death/dead "
    "fail/failure depart/departure close/closure expose/exposure acquire/acquisition explain/explanation retain/retention "
    "analyze/analyse/analysis maintain/maintenance store/storage marry/marriage believe/belief succeed/success safe/safety "
    "healthy/health provide/provision divide/division receive/receipt child/children man/men woman/women person/people life/lives "
    "foot/feet tooth/teeth"
)
"""Groups of forms, the plain one first; most of them are their own stems."""


@lru_cache(1 << 14)
def verb_of(stem: str) -> str:
    """The stem of the verb or the plain form that a stem belongs to; itself where no rule knows one."""
    if plain := _plain_forms().get(stem):
        return plain
    if stem.endswith("is"):  # British "optimis(e)": as the American "optimize"
        return indexed_terms(f"{stem[:-1]}ze", "en")[0][0]
    for noun, verb in _ENDINGS:
        if stem.endswith(noun) and len(stem) - len(noun) >= LEAST_STEM - len(verb) // 2:
            return stem.removesuffix(noun) + verb
    return stem


@lru_cache(1)
def _plain_forms() -> dict[str, str]:
    groups = (group.split("/") for group in _IRREGULAR.split())
    stemmed = ([indexed_terms(form, "en")[0][0] for form in group] for group in groups)
    return {stem: plain for plain, *stems in stemmed for stem in stems if stem != plain}
