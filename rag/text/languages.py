"""The language of a text, identified by its function words."""

from collections import Counter

import regex

LANGUAGE_SAMPLE = 4_000  # characters sampled from the beginning and from the middle of a text
FEWEST_HITS = 3  # a language is identified by this many of its function words
SMALLEST_SHARE = 0.12
"""... if they are at least this share of all words. Running text has 0.3 to 0.5; a list of names in another language under 0.1."""

FUNCTION_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to a in is that it for was as on with are be at by this from or an have not but which they were we you his "
        "her had has been their its will would can could should may might must do does did what when where who whom whose why "
        "how if then than there these those he she i my your our me him them us so no into about any all am being dont doesnt "
        "didnt cant isnt arent wont",
        "de": "der die das und in den von zu mit ist des im für auf nicht ein eine dem sich als auch es an werden aus er hat dass sie "
        "nach bei um einer am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch kann wird "
        "wenn ich wir ihr was wer wo wann warum welche welcher welches dieser diese dieses man mein kein keine sein seine muss "
        "darf ihre",
        "fr": "le la les de des du et en un une est que qui dans pour pas au aux sur ne se ce il elle avec son sa ses par plus sont "
        "ou mais nous vous cette été être ont a je tu on leur comme si tout quel quelle quels quelles où quand comment pourquoi "
        "quoi ils elles ces l d qu n",
        "es": "el la los las de del y en un una que es por con para se no su al lo como más o pero sus le ha este esta ya cuando muy "
        "sin sobre también me hasta hay donde quien desde todo nos son fue ser qué cómo cuándo dónde cuál quién porqué está "
        "están si yo ella él unos",
        "it": "il lo la i gli le di del della dei delle dello degli e è in un una uno che per con non si da dal dalla nel nella sono "
        "come anche più ma se al alla questo questa ha o su sul sulla ci quando dove chi cosa quale quali perché essere loro "
        "suo sua ai alle l d",
        "pt": "o a os as de do da dos das e em no na nos nas um uma que é por para com não se ao mais como mas foi seu sua ou quando "
        "muito já está também só pelo pela até isso ela ele entre depois sem mesmo aos seus quem onde qual quais porque são ser "
        "tem às lhe",
        "nl": "de het een en van in is dat op te voor met zijn niet aan er om ook als bij maar dan nog uit naar door over wordt "
        "worden heeft of kan deze dit die ik je we hij zij ze u wat wie waar wanneer waarom hoe welke geen meer was tot moet "
        "hun mijn uw",
        "sv": "och att det som en på är av för med den till inte har de ett om men var jag från vi så kan när eller hur ska vad vem "
        "efter också där han hon nu bara vid under sig detta denna dessa måste får alla blir mellan vilken vilket varför",
        "da": "og at det som en på er af for med den til ikke har de et om men var jeg fra vi så kan når eller hvordan skal hvad hvem "
        "efter også der han hun nu kun ved under sig dette denne disse må får alle bliver mellem hvilken hvilket hvorfor blev "
        "være",
        "no": "og at det som en på er av for med den til ikke har de et om men var jeg fra vi så kan når eller hvordan skal hva hvem "
        "etter også der han hun nå bare ved under seg dette denne disse må får alle blir mellom hvilken hvilket hvorfor ble "
        "være",
        "fi": "ja on ei se että hän oli olla ovat mutta kun niin myös tai jos kuin joka jotka sen ole siitä mitä mikä kuka missä "
        "milloin miksi miten tämä nämä voi vain sekä ovat hänen minä sinä me he ne siinä sitä jonka ennen jälkeen kanssa",
        "hu": "a az és hogy nem is egy van de ez ezt azt meg volt csak mint vagy ha már el még ki be fel le mi ami aki kell lehet "
        "minden után hol mikor miért hogyan melyik mely ezek azok nincs alatt között által",
        "pl": "i w nie na się z do to że jest o jak po co za od ale czy przez dla tak ten ta te jego jej są był była było być oraz "
        "lub tym tego które który która kiedy gdzie dlaczego kto może już tylko przy ich we ze pod",
        "cs": "a v se na je že s z do o to i jako za by ale po od pro který která které jsou byl byla bylo být nebo ve k jak tak ze "
        "si také když kde proč kdo co může již jen při jeho její jejich není této tento tato podle",
        "ro": "și în de la cu nu o un este pe că din a se care pentru mai sunt al ale sau dar ca prin fi să au cum când unde cine ce "
        "după fost această acest aceasta această lui ei lor fără între dacă poate unei unui",
        "tr": "ve bir bu da de için ile olarak çok daha olan gibi ne o en ama veya kadar sonra her var değil ki mi mı mu mü nasıl "
        "neden nerede kim hangi şu olduğu ise biz ben siz onlar tarafından göre bunu zaman",
        "id": "yang dan di dari untuk dengan pada ini itu adalah tidak dalam akan oleh atau ke juga sebagai karena telah dapat bisa "
        "ada mereka kami kita saya anda apa siapa kapan dimana mengapa bagaimana lebih sudah jika harus setelah antara",
        "ca": "el la els les de del dels i en un una que és per amb no es al als seu seva com més o però són aquest aquesta ha han va "
        "ser si quan on qui què quin quina perquè també molt des fins entre sobre pel pels hi l d",
        "lt": "ir kad yra į su iš tai kaip bet ne apie už po jis ji jo jos buvo ar šis ši gali prie dėl tik nuo kai kur kas kodėl "
        "kuris kuri būti per arba jų mes jie taip nėra turi",
        "et": "ja on ei et see oli mis kui ka ning või ta oma aga kes selle kuid siis nii seda tema mida ole olla kus millal miks "
        "kuidas milline võib pärast enne veel üks need nende pole",
        "eu": "eta da ez bat du dira zen ere baina den hau hori duen ziren izan egin dute edo bere dago zer nor non noiz zergatik "
        "nola baino gero",
        "eo": "la kaj de en estas ne ke al mi vi li ŝi ĝi ni ili kun por sed pri kiel kiu kio kie kiam kial tiu ĉi estis aŭ ankaŭ el "
        "per oni",
        "ga": "an na agus ar is i le go a ní tá bhí do sé sí siad seo sin ach nó ag ó mar don leis den cé cad cá conas cathain bhfuil",
        "ru": "и в не на что с по как это но он она они к у из за от а так же для вы мы я было был была быть или при его ее их если о "
        "об когда где кто почему какой какая какие чтобы до после может этот эта эти все также только нет есть который которые",
        "sr": "и у је да се на за од са су не као који која које или то је би али из по до што како када где ко зашто овај ова ово "
        "нису није бити био била може након пре само",
        "uk": "і в не на що з по як це але він вона вони до у із за від а так для ви ми я було був була бути або при його її їх якщо "
        "про коли де хто чому який яка які щоб після може цей ця ці також тільки немає та є",
        "bg": "и в не на че с по как това но той тя те към у из за от а така да се са е ще или при му ѝ им ако кога къде кой защо "
        "който която които след може този тази тези само няма съм бъде беше",
        "el": "και το η ο να του της των τα τη την τον οι είναι με για που από στο στη στην στον σε δεν θα ότι ένα μια ένας αυτό αυτή "
        "ως αλλά ή αν τι πώς πότε πού ποιος γιατί έχει ήταν μετά μόνο τους τις",
        "ar": "في من على إلى أن عن التي الذي هذا هذه كان مع لا ما هو هي أو كل بعد قد ذلك بين كما لم إن وقد كانت ثم حتى عند غير أي متى "
        "كيف أين لماذا هل يمكن يكون تكون منذ",
        "fa": "و در به از که این را با است برای آن یک تا بر شد هم نیز می شده خود بود او ما شما آنها اما یا هر پس کرد چه چرا کجا چگونه "
        "اگر باید نیست دارد باشد بین",
        "hi": "के में की है और से का को पर यह हैं ने एक कि लिए इस भी नहीं तो था थे थी ही वह या जो कर हो गया किया अपने क्या कब कहाँ "
        "कौन कैसे क्यों बाद तक आप हम",
        "ne": "र को मा छ का ले पनि भने छन् यो हो गर्न गरेको लागि थियो एक तर त्यो यस नै गर्ने भएको के कहाँ कहिले किन कसरी हुन् छैन पछि सबै",
        "hy": "է և որ են մեջ այս ու էր հետ որը նաև համար մի նա եմ ես իր չի բայց կամ ինչ երբ որտեղ ինչու ինչպես պետք հետո",
        "ta": "ஒரு மற்றும் என்று இந்த என அது இது அல்லது உள்ள என்ற ஆகும் இல்லை அந்த தான் மூலம் வரை பின்னர் எப்போது எங்கே யார் ஏன் எப்படி இருந்து போது",
        "yi": "די און איז פון אין דער צו דאס מיט אויף ער אז א נישט זיך ניט האט פאר אבער זיין איר מען ווי ווען וואו ווער וואס",
    }.items()
}
"""The commonest function words of each language: they identify it, and are left out of questions."""

_UNSTEMMED = frozenset({"uk", "bg"})  # languages without a stemmer, listed so that they are not taken for similar ones
LANGUAGES_OF: dict[str, tuple[str, ...]] = {
    word: tuple(language for language, listed in FUNCTION_WORDS.items() if word in listed)
    for word in frozenset[str]().union(*FUNCTION_WORDS.values())
}
"""The languages of each function word."""

_LETTER = regex.compile(r"[\p{L}\p{M}]")
_IDEOGRAPH = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
WORD = regex.compile(r"[\p{L}\p{M}]+")  # a run of letters
_SCRIPTS = {
    "ja": r"[\p{Hiragana}\p{Katakana}]",
    "ko": r"\p{Hangul}",
    "zh": r"\p{Han}",
    "th": r"\p{Thai}",
    "el": r"\p{Greek}",
    "he": r"\p{Hebrew}",
    "hi": r"\p{Devanagari}",
    "fa": r"[\u067e\u0686\u0698\u06a9\u06af\u06cc]",
    "ar": r"\p{Arabic}",
    "uk": r"[іїєґІЇЄҐ]",
    "ru": r"\p{Cyrillic}",
}
"""What a language is known by that shares its script with few others; the first that is found decides."""

_SCRIPT = regex.compile("|".join(f"(?P<{language}>{letters})" for language, letters in _SCRIPTS.items()))
_LATIN_SHARE = 0.6  # of the letters: from this share on, a text is not in the language of another script that it has letters of
_LATIN = regex.compile(r"\p{Latin}")
_LETTERS_OF = {
    language: tuple(letters.split())
    for language, letters in {
        "en": "th wh ough ed ay",
        "de": "ß ä ö ü sch ei",
        "fr": "ç œ ê è à ù û î ë oux eau",
        "es": "ñ ¿ ¡ á í ó ú ción",
        "pt": "ã õ ç â ê ção nh lh",
        "it": "ò ì è à zz gli zion",
        "nl": "ij aa ee oo ë cht",
        "tr": "ğ ı ş dır dir dür ler lar üç ö ü",
        "pl": "ł ą ż ź ć ń ś ę ó cz sz rz",
        "cs": "ř ě ů č ž ý š í á",
        "hu": "ő ű á é gy sz",
        "ro": "ș ț ă â",
        "sv": "å ä ö",
        "da": "å ø æ",
        "no": "å ø æ",
        "fi": "ä ö aa ää ii",
        "vi": "ạ ả ấ ầ ẩ ậ ắ ằ ặ ẹ ẻ ẽ ế ề ể ễ ệ ỉ ị ọ ỏ ố ồ ổ ộ ớ ờ ở ợ ụ ủ ứ ừ ử ự ỳ ỷ ỹ đ ơ ư",
    }.items()
}
"""Letters and groups of letters that are frequent in a language and in few others."""

FEWEST_VOTES = 0.6  # with fewer, a short text is of no known language: one word, or a few letters

_QUESTION_WORDS = {
    "de": "wieviel bedeutet heißt kostet gilt dauert gibt liegt",
    "fr": "combien coûte signifie dure",
    "es": "cuánto cuánta cuántos cuántas cuánto cuesta significa tarda",
    "it": "quanto quanta quanti quante costa significa dura",
    "pt": "quanto quanta quantos quantas custa significa dura fica",
    "nl": "hoeveel kost betekent duurt",
    "pl": "ile wynosi kosztuje znaczy trwa",
    "cs": "kolik činí stojí znamená trvá",
    "tr": "kaç kaçıncı nedir midir hangisi kimdir nerededir",
    "en": "cost costs mean means long much many",
}
"""Words that short questions have, besides function words."""


def language_of(text: str) -> str:
    """The ISO 639-1 code ("en", "de", ...) of a text's language, if that can be stemmed; "" where it cannot be identified."""
    middle = len(text) // 2
    sample = text if len(text) <= 2 * LANGUAGE_SAMPLE else f"{text[:LANGUAGE_SAMPLE]} {text[middle : middle + LANGUAGE_SAMPLE]}"
    words = WORD.findall(sample.casefold())
    hits = Counter(language for word in words for language in LANGUAGES_OF.get(word, ()))
    if not hits:
        return ""
    language, count = hits.most_common(1)[0]
    return language if count >= max(FEWEST_HITS, SMALLEST_SHARE * len(words)) and language not in _UNSTEMMED else ""


def language_by_script(text: str) -> str:
    """The language that a text's script is mostly used for ("ja", "zh", "ar", "hi", "ru", ...); "" for Latin and unknown scripts."""
    sample = text[: 2 * LANGUAGE_SAMPLE]
    found = {match.lastgroup or "" for match in _SCRIPT.finditer(sample)}
    letters = sum(map(len, WORD.findall(sample)))
    if not found or len(_LATIN.findall(sample)) > _LATIN_SHARE * letters:
        return ""
    return next(language for language in _SCRIPTS if language in found)


def language_told(text: str) -> str:
    """The language of a document's text: by its function words, else by its script; "" where neither tells."""
    return language_of(text) or language_by_script(text)


def count_letters(text: str) -> int:
    """How many letters and marks a text has; an ideograph or a syllable, which means something alone, counts as two."""
    return len(_LETTER.findall(text)) + len(_IDEOGRAPH.findall(text))


def likely_language(text: str) -> str:
    """The most probable language of a text that may be as short as a question; "" where two are as likely, or nothing tells.

    The script decides first, then function words and letters: the fewer languages have them, the more they count.
    """
    if by_script := language_by_script(text):
        return by_script
    sample = text[:LANGUAGE_SAMPLE].casefold()
    votes: dict[str, float] = {}
    for word in WORD.findall(sample):
        for language in LANGUAGES_OF.get(word, ()):
            votes[language] = votes.get(language, 0.0) + 1 / len(LANGUAGES_OF[word]) + 0.2
        for language in (language for language, listed in _QUESTION_WORDS.items() if word in listed.split()):
            votes[language] = votes.get(language, 0.0) + 0.7
    for language, letters in _LETTERS_OF.items():
        if count := sum(sample.count(letter) for letter in letters):
            votes[language] = votes.get(language, 0.0) + min(count, 6) / 5
    first, second = [*sorted(votes.items(), key=lambda vote: -vote[1]), ("", 0.0), ("", 0.0)][:2]
    return first[0] if first[1] > second[1] and first[1] >= FEWEST_VOTES else ""
