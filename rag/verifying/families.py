"""English stems that are one word's as a noun and as a verb, where the stemmer leaves them apart: "payment" and "pay"."""

from functools import lru_cache

LEAST_STEM = 3  # letters
_ENDINGS = (("ment", ""), ("eri", ""), ("ns", "nd"), ("us", "ud"), ("iss", "it"), ("uct", "uc"), ("cis", "cid"), ("istr", "ist"))
"""Of the noun's stem, and of the verb's: expans/expand, inclus/includ, permiss/permit, reduct/reduc, decis/decid, registr/regist."""


@lru_cache(1 << 14)
def verb_of(stem: str) -> str:
    """The stem of the verb that a noun's stem belongs to; itself where no rule knows one."""
    for noun, verb in _ENDINGS:
        if stem.endswith(noun) and len(stem) - len(noun) >= LEAST_STEM - len(verb) // 2:
            return stem.removesuffix(noun) + verb
    return stem
