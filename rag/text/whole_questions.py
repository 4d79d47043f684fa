"""Is a question about a whole document? Recognised by how such questions are put, in ten languages.

A question that one sentence answers must not be taken for one: all of it has to read like "Summarise ...", "What is ... about?",
"List all ..." or "How many ... are there?". Whether its subject is a document is decided by who knows the documents.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

LONGEST_QUESTION = 200  # characters; a longer question says more than that it wants an overview

Kind = Literal["overview", "listing", "count"]


@dataclass(frozen=True, slots=True)
class WholeQuestion:
    """An overview of `subject`, a list of all of it, or how many there are, perhaps only within what `place` names; "" names nothing."""

    kind: Kind
    subject: str
    place: str = ""


def whole_question(question: str) -> WholeQuestion | None:
    """Recognise a question about something as a whole; None for any other."""
    if len(question) > LONGEST_QUESTION:
        return None
    text = " ".join(question.casefold().split()).strip(_EDGES)
    text = _ENDING.sub("", _POLITE.sub("", text, count=1)).strip(_EDGES)
    for kind, patterns in _kinds():
        for pattern in patterns:
            if match := pattern.fullmatch(text):
                named = match.groupdict()
                return WholeQuestion(kind, (named.get("o") or "").strip(_EDGES), (named.get("d") or "").strip(_EDGES))
    return None


_EDGES = ' \t.,;:!?¿¡。？！；：،؟…"“”„«»「」'
_POLITE = re.compile(
    r"^(?:(?:please|bitte|s'il (?:te|vous) plaît|por favor|per favore|пожалуйста|请你?|請|من فضلك|hi|hello|hallo|ok|so)[\s,.!]*"
    r"|(?:can|could|would|will) you (?:please )?|i(?:'d| would) (?:like|want) (?:you to |to (?:have|get|see) )?"
    r"|i (?:need|want) (?:you to )?"
    r"|(?:kannst|könntest) du (?:mir )?(?:bitte )?|(?:können|könnten) sie (?:mir )?(?:bitte )?"
    r"|(?:peux-tu|pouvez-vous|pourriez-vous) (?:me )?"
    r"|(?:puedes|podrías|puede) (?:me )?|(?:puoi|potresti|può) |(?:você )?(?:pode|poderia) (?:me )?|(?:можешь|можете|не могли бы вы) "
    r"|能不能|能否|可以|帮我|幫我|هل يمكنك (?:أن )?)+"
)
_ENDING = re.compile(
    r"(?:[\s,]+(?:please|briefly|shortly|quickly|in (?:short|brief|general|total|all|detail|english|german|(?:your|plain|simple|few) \w+)"
    r"|in (?:a|an|one|two|three|four|five|\d+)(?: or \w+)?(?: \w+)? (?:sentences?|words|lines?|points?|paragraphs?|bullets?|pages?)"
    r"|(?:for|to) me|bitte|kurz|für mich|in (?:kurzen worten|einem satz|wenigen sätzen)|s'il (?:te|vous) plaît|brièvement|en bref"
    r"|por favor|brevemente|per favore|em resumo|пожалуйста|кратко|من فضلك|باختصار))+$"
)
_O = r"(?P<o>.+?)"
_OF = r"(?: (?:of|about|on|in|from|for) (?P<o>.+))?"
_BRIEF = r"(?:(?:short|brief|quick|concise|general|high-level|good|rough|detailed|executive|one-paragraph) )*"
_MAIN = r"(?:main|key|most important|central|principal|essential|major|core|important)"
_POINTS = (
    r"(?:points?|topics?|themes?|ideas?|takeaways?|messages?|findings?|conclusions?|contents?|arguments?|subjects?|sections?|aspects?)"
)
_HOLDS = r"(?:cover|contain|say|discuss|deal with|talk about|describe|include|mean|tell (?:us|me))"

_OVERVIEWS: tuple[str, ...] = (
    rf"(?:tell me )?what(?:'s|’s| is| are|s)? {_O} (?:is |are )?(?:all |mainly |mostly |generally |basically )?about",
    rf"(?:give|show|write|provide|make|create|prepare|send|get|draft)?(?: me| us)? ?(?:a |an |the )?{_BRIEF}(?:summary"
    rf"|overview|outline|synopsis|abstract|gist|tl;?dr|recap){_OF}",
    rf"what(?:'s|’s| is| would be) (?:a |an |the )?{_BRIEF}(?:summary|gist|synopsis|overview|outline|content) of {_O}",
    r"(?:briefly |quickly |shortly )?(?:summari[sz]e|sum up|outline|recap|tl;?dr|condense)(?: (?P<o>.+))?",
    rf"(?:list|give me|tell me|name|show me|what(?:'s|’s| is| are)|which are)? ?(?:all )?(?:the )?{_MAIN} {_POINTS}{_OF}",
    rf"what {_MAIN}? ?(?:topics|subjects|themes|areas|points|things|sections) (?:do|does) {_O} {_HOLDS}",
    rf"what {_MAIN}? ?(?:topics|subjects|themes|areas|points|things) are (?:covered|discussed|treated|contained|described)"
    rf" (?:in|by) {_O}",
    rf"what (?:do|does) {_O} {_HOLDS}",
    rf"what(?:'s|’s| is)(?: written| said| covered)? in {_O}",
    rf"(?:describe|explain|introduce) {_O}",
    rf"tell me (?:something |more )?about {_O}",
    rf"what (?:kind|type|sort) of (?:document|file|text|paper)s? (?:is|are) {_O}",
    # German
    rf"(?:worum|um was) (?:geht(?:'s| es)?|handelt es sich) (?:hier )?(?:in|im|bei|beim) {_O}",
    r"worum geht(?:'s| es)(?: hier)?",
    rf"(?:wovon|von was) handel(?:t|n) {_O}",
    rf"was (?:steht|steckt) (?:alles )?(?:in|im) {_O}",
    rf"was ist (?:der )?inhalt (?:von |des |der )?{_O}",
    rf"fass(?:e|en sie)? (?:mir )?(?:bitte )?{_O} (?:bitte |kurz |knapp )*zusammen",
    rf"{_O} (?:kurz )?zusammenfassen",
    rf"resümiere {_O}",
    r"(?:gib|geben sie|erstelle?|schreib|zeig|mach)?(?: mir| uns)? ?(?:eine? |einen |die |den |das )?(?:kurze[nrs]? "
    r"|knappe[nrs]? )?(?:zusammenfassung|überblick|übersicht|gliederung|inhaltsangabe)(?: (?:über|von|vom|zu|zum|zur|des"
    r"|der|für) (?P<o>.+))?",
    r"(?:was|welche|nenne(?: mir)?) ?(?:sind )?(?:die )?(?:wichtigsten|zentralen|wesentlichen|haupt-?)(?: )?(?:punkte"
    r"|themen|aussagen|inhalte|erkenntnisse|gedanken)(?: (?:in|im|aus|von|vom|des|der) (?P<o>.+))?",
    # French
    rf"(?:de quoi (?:parle|traite|est-il question dans|s'agit-il dans)|sur quoi porte) {_O}",
    rf"que (?:contient|dit) {_O}",
    rf"(?:me )?(?:résume[rz]?|resume[rz]?|synthétise[rz]?)(?:-moi)? {_O}",
    r"(?:(?:donne|fais|écris)[rz]?(?:-moi| un)? ?)?(?:un |une |le |la )?(?:bref |court |petit )?(?:résumé|aperçu|vue"
    r" d'ensemble|synthèse|sommaire)(?: (?:de |du |des |d')(?P<o>.+))?",
    r"(?:quels|quelles) sont les (?:points|idées|thèmes|sujets) (?:clés?|principaux|principales|essentiels|importants)(?:"
    r" (?:de |du |des )(?P<o>.+))?",
    # Spanish
    rf"(?:¿\s*)?(?:de|sobre) qué (?:trata|va|habla|es) {_O}",
    rf"(?:¿\s*)?qué (?:dice|contiene) {_O}",
    rf"(?:resume|resuma|resumir|resúmeme|sintetiza) {_O}",
    r"(?:(?:da|dé|haz|hazme|dame|escribe)(?:me)? )?(?:un |una |el |la )?(?:breve )?(?:resumen|sinopsis|visión general"
    r"|esquema)(?: (?:de |del |sobre )(?P<o>.+))?",
    r"(?:¿\s*)?cuáles son los (?:puntos|temas|aspectos|ideas) (?:principales|clave|más importantes)(?: (?:de |del |en"
    r" )(?P<o>.+))?",
    # Italian
    rf"(?:di (?:che )?cosa|di che|cosa) (?:parla|tratta|contiene|dice) {_O}",
    rf"(?:riassumi(?:mi)?|riassumere|sintetizza) {_O}",
    r"(?:(?:dammi|fammi|fai|scrivi) )?(?:un |una |il |la )?(?:breve )?(?:riassunto|sintesi|panoramica|sommario)(?: (?:di "
    r"|del |della |dello |dell'|sul )(?P<o>.+))?",
    r"quali sono i (?:punti|temi|argomenti|concetti) (?:principali|chiave|più importanti)(?: (?:di |del |della |dello"
    r" )(?P<o>.+))?",
    # Portuguese
    rf"(?:do que|de que|sobre o que|sobre o quê) (?:trata|fala|é) {_O}",
    rf"o que (?:diz|contém) {_O}",
    rf"(?:resuma|resumir|resume|sintetize) {_O}",
    r"(?:(?:dê|dá|faça|escreva)(?:-me)? )?(?:um |uma |o |a )?(?:breve )?(?:resumo|síntese|visão geral)(?: (?:de |do |da "
    r"|sobre )(?P<o>.+))?",
    r"quais são os (?:pontos|temas|tópicos) (?:principais|chave|mais importantes)(?: (?:de |do |da )(?P<o>.+))?",
    # Russian
    rf"о ч[её]м (?:говорится в |идёт речь в |рассказывает |повествует )?{_O}",
    rf"что (?:содержит|говорится в) {_O}",
    rf"(?:кратко )?(?:изложи(?:те)?|резюмируй(?:те)?|обобщи(?:те)?|перескажи(?:те)?|суммируй(?:те)?) {_O}",
    r"(?:(?:дай(?:те)?|сделай(?:те)?|составь(?:те)?)(?: мне)? )?(?:краткое содержание|краткий обзор|обзор|резюме|краткий"
    r" пересказ)(?: (?P<o>.+))?",
    r"(?:каковы|какие) (?:основные|главные|ключевые) (?:пункты|тезисы|мысли|темы|идеи|положения|моменты)(?: (?:в"
    r" )?(?P<o>.+))?",
    # Chinese
    r"(?P<o>.*?)(?:主要|大概|到底|究竟)?(?:是)?(?:讲|講|说|說|关于|關於|谈|介绍)(?:的是|了|的)?(?:什么|甚麼|什麼|哪些)(?:内容|內容|的|主题)?",
    r"(?:简要|簡要|简单)?(?:总结|總結|概括|概述|归纳|歸納|摘要)(?:一下|下)?(?P<o>.*)",
    r"(?:给出|给我|寫出|写出)?(?P<o>.*?)的?(?:摘要|概要|总结|總結|概述|大纲|主要内容|主要內容|要点|要點|重点|中心思想)(?:是什么|是什麼|有哪些)?",
    # Japanese
    r"(?P<o>.*?)(?:は|って)(?:主に)?(?:何|なに)(?:について|に関する)(?:の?(?:文書|書類|もの|内容|資料))?(?:です|書かれています|書いてあります)?か?",
    r"(?P<o>.*?)(?:を|の内容を)(?:簡単に|短く)?(?:要約|まとめ)(?:して(?:ください|下さい)?|てください|て)?",
    r"(?P<o>.*?)の?(?:概要|要約|要点|あらすじ|主な内容|主なポイント)(?:を(?:教えて|示して|述べて|書いて)(?:ください|下さい)?|は(?:何ですか)?)?",
    # Arabic
    rf"(?:عن ماذا|عم|عما|ما الذي) (?:يتحدث|تتحدث|يتناول|تتناول|يدور)(?: عنه)? {_O}",
    rf"(?:ما (?:هو |هي )?)?(?:موضوع|محتوى|مضمون) {_O}",
    rf"(?:لخص|لخّص|تلخيص|اختصر)(?: لي)? {_O}",
    r"(?:(?:أعطني|اعطني|قدم|اكتب)(?: لي)? )?(?:ملخص(?:ا|اً)?|نظرة عامة|خلاصة|موجز(?:ا|اً)?)(?: (?:عن |حول |على )?(?P<o>.+))?",
    r"ما هي (?:أهم )?(?:النقاط|الأفكار|المواضيع)(?: (?:الرئيسية|الأساسية|المهمة))?(?: (?:في |من )(?P<o>.+))?",
)

_ALL = r"(?:all|every|each)(?: of)?(?: the| these| our| my)?"
_LISTINGS: tuple[str, ...] = (
    rf"(?:list|name|enumerate|show(?: me)?|give me|find|tell me|what are|which are|mention|extract) {_ALL} {_O}",
    rf"(?:list|enumerate)(?: me)?(?: the)? {_O}",
    rf"(?:give me|show me|make|i need|create)? ?(?:a |the )?(?:full |complete )?list of (?:all )?(?:the )?{_O}",
    rf"(?:which|what) {_O} are (?:there|listed|mentioned|named|given|available)(?: (?P<d>(?:in|on) .+))?",
    rf"(?:liste|zähle?|nenne?|zeige?|führe?) (?:mir )?(?:bitte )?(?:alle|sämtliche|jede[ns]?) {_O}(?: auf)?",
    rf"(?:eine )?liste aller {_O}",
    rf"welche {_O} (?:gibt es|sind (?:aufgeführt|genannt|aufgelistet|angegeben))(?: (?P<d>(?:in|im) .+))?",
    rf"(?:liste[rz]?|énumère[rz]?|cite[rz]?|donne[rz]?(?:-moi)?)(?:-moi)? (?:tous|toutes)(?: les| ces)? {_O}",
    rf"(?:la )?liste (?:complète )?(?:de tous les|de toutes les|des) {_O}",
    rf"(?:quels|quelles) {_O} (?:y a-t-il|existe-t-il|existent|sont (?:indiqués|mentionnés|listés|indiquées|mentionnées"
    r"|listées))(?: (?P<d>dans .+))?",
    rf"(?:enumera|enumere|lista|liste|nombra|menciona|muestra|dime|indica) (?:todos|todas)(?: los| las| os| as)? {_O}",
    rf"(?:una |la )?lista (?:completa )?de (?:todos |todas )?(?:los |las ){_O}",
    rf"(?:¿\s*)?qué {_O} (?:hay|existen|se mencionan)(?: (?P<d>en .+))?",
    rf"(?:elenca(?:mi)?|enumera|nomina|indica|mostrami) (?:tutti|tutte)(?: i| gli| le)? {_O}",
    rf"(?:un |l')?elenco (?:completo )?(?:di tutti i|di tutte le|dei|delle|degli) {_O}",
    rf"quali {_O} (?:ci sono|esistono|sono (?:elencati|indicati|elencate))(?: (?P<d>(?:in|nel|nella) .+))?",
    rf"(?:liste|enumere|cite|indique|mostre|listar) (?:todos|todas)(?: os| as)? {_O}",
    rf"(?:uma |a )?lista (?:completa )?de (?:todos |todas )(?:os |as )?{_O}",
    rf"(?:quais|que) {_O} (?:existem|há|são mencionad[oa]s)(?: (?P<d>(?:em|no|na) .+))?",
    rf"(?:перечисли(?:те)?|назови(?:те)?|покажи(?:те)?|выведи(?:те)?) (?:все|всех) {_O}",
    rf"(?:полный )?список всех {_O}",
    rf"какие (?:есть|существуют|имеются) {_O}",
    rf"какие {_O} (?:есть|существуют|имеются|указаны|перечислены)(?: (?P<d>в .+))?",
    r"(?:列出|列举|列舉|罗列)(?:一下)?(?:所有|全部)?的?(?P<o>.+)",
    r"(?:(?P<d>.+?(?:中|里|裡))?(?:一共|总共)?)(?:有哪些|有哪几种)(?P<o>.+)",
    r"(?P<o>.+?)(?:を|は)?(?:すべて|全て|全部)(?:を)?(?:列挙|挙げ|リスト(?:アップ)?|一覧(?:に)?|教え)(?:して|て)?(?:ください|下さい)?",
    r"(?:すべて|全て|全部)の(?P<o>.+?)を(?:列挙|挙げ|リスト(?:アップ)?|一覧に|教え)(?:して|て)?(?:ください|下さい)?",
    r"(?P<o>.+?)の一覧(?:を(?:見せて|表示して|教えて|作って)(?:ください|下さい)?)?",
    r"どんな(?P<o>.+?)がありますか",
    rf"(?:اذكر|عدد|اسرد|قائمة) (?:جميع|كل|كافة) {_O}",
    rf"ما هي (?:جميع|كل) {_O}",
)
_COUNTS: tuple[str, ...] = (
    rf"how many (?:different )?{_O} are (?:there|listed|mentioned|named|given)(?: (?P<d>(?:in|on) .+))?",
    rf"(?:count|number of)(?: all)?(?: the)? {_O}",
    rf"wie ?viele {_O} (?:gibt es|sind (?:aufgeführt|genannt|aufgelistet))(?: (?P<d>(?:in|im) .+))?",
    rf"combien (?:de |d'){_O} (?:y a-t-il|existe-t-il|sont (?:indiqués|mentionnés|listés))(?: (?P<d>dans .+))?",
    rf"combien y a-t-il (?:de |d'){_O}",
    rf"(?:¿\s*)?cuánt[oa]s {_O} (?:hay|existen|se mencionan)(?: (?P<d>en .+))?",
    rf"quant[ie] {_O} (?:ci sono|esistono)(?: (?P<d>(?:in|nel|nella) .+))?",
    rf"quant[oa]s {_O} (?:existem|há)(?: (?P<d>(?:em|no|na) .+))?",
    rf"сколько (?:всего |разных )?{_O} (?:есть|существует|указано|перечислено)(?: (?P<d>в .+))?",
    rf"сколько (?:есть |имеется ){_O}",
    r"(?P<d>.+?(?:中|里|裡))?(?:一共|总共|共)?有(?:多少|几)(?:个|种|條|条|项|類|类)?(?P<o>.+)",
    r"(?P<o>.+?)は(?:全部で)?(?:いくつ|何種類|何個|何件)(?:あります|ある|です)か?",
    r"كم عدد (?P<o>(?:(?!الذي|التي|الذين|اللاتي).)+)",
)


@cache
def _kinds() -> tuple[tuple[Kind, tuple[re.Pattern[str], ...]], ...]:
    """The patterns of each kind, compiled when the first question is asked: that takes longer than to import the rest."""
    kinds: tuple[tuple[Kind, Sequence[str]], ...] = (("overview", _OVERVIEWS), ("listing", _LISTINGS), ("count", _COUNTS))
    return tuple((kind, tuple(map(re.compile, patterns))) for kind, patterns in kinds)
