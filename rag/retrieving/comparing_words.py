"""The words by which questions compare and list, in the languages that we know; see `planning`."""

import re

_COMPARE = (
    # en, de, nl, sv
    r"compar(?:e[sd]?|ing|ison|isons(?= (?:between|of|with)\b))|differences?|differs?|different|contrast|versus|vs|"
    r"vergl(?:eich\w*|ich\w*)|verglichen|unterschiede?|unterscheid\w+|vergelijk\w*|vergelek\w*|verschil\w*|"
    r"jämför\w*|skillnad\w*|skiljer|sammenlign\w*|forskjell\w*|forskel\w*|"
    # fr, es, it, pt, ro
    r"compare[rz]?|compar(?:ons|aison|é|ée|és)|différences?|diffèrent?|compar(?:a|ar|e|en|ad|ación|ado|ada|ando)|diferencias?|diferencian?|"
    r"confront[aio]\w*|paragon\w*|differenz[ae]|differiscono|compar(?:ação|e)|diferenças?|diferem|compar(?:ă|ați|ație)|diferenț\w*|"
    # ru, uk, cs, pl, el, tr
    r"сравн\w*|отлич\w*|разниц\w*|различ\w*|порівн\w*|різниц\w*|відрізня\w*|porovn\w*|srovn\w*|rozdíl\w*|liš[íi]\w*|porówn\w*|różni\w*|"
    r"σύγκρι\w*|συγκρί\w*|διαφορ\w*|διαφέρ\w*|karşılaştır\w*|kıyasla\w*|fark\w*|"
    # id, vi
    r"bandingkan|perbedaan\w*|so sánh|khác nhau|khác biệt"
)
_COMPARE_UNSPACED = (
    r"比较|比較|对比|對比|区别|區別|差异|差異|差别|差別|不同|相比|違い|違う|比べ|비교|차이|قارن|مقارنة|الفرق|فرق|اختلاف|يختلف|تختلف"
    r"|तुलना|अंतर|अन्तर|फर्क|फ़र्क|เปรียบเทียบ|แตกต่าง|ความต่าง|השווה|הבדל|مقایسه|تفاوت"
)
COMPARE = re.compile(rf"\b(?:{_COMPARE})(?!\w)|{_COMPARE_UNSPACED}", re.IGNORECASE)
"""What says that a question compares."""

_WEIGH = (
    r"than|(?:high|low|long|short|great|larg|small|cheap|old|new|fast|slow|bett|strict|big)g?er|more|less|fewer|same|"
    r"(?:high|low|long|short|great|larg|small|cheap|old|new|fast|slow|strict|big)g?est|most|least|best|worst|"
    r"höher\w*|niedriger\w*|länger\w*|kürzer\w*|größer\w*|kleiner\w*|mehr|weniger|höchste\w*|längste\w*|niedrigste\w*|kürzeste\w*|größte\w*|"
    r"günstig\w+|billig\w+|teur\w+|als|supérieure?s?|inférieure?s?|plus|moins|mayor|menor|más|menos|maggiore|minore|più|meno|maior|mais|"
    r"hoger|lager|langer|korter|meer|minder|dan|högre|lägre|längre|längst|än|выше|ниже|больше|меньше|дольше|чем|"
    r"vyšší|nižší|delší|více|méně|než|wyższ\w*|niższ\w*|dłuższ\w*|niż|μεγαλύτερ\w*|μικρότερ\w*|yüksek\w*|daha|decât|lebih"
)
_WEIGH_UNSPACED = (
    r"更高|更低|更长|最高|最长|最長|哪个更|高い|低い|長い|どちらが?|より|높은?|낮은?|더|أعلى|أقل|أكثر|أطول|ज़्यादा|ज्यादा|अधिक|कम|มากกว่า"
)
WEIGH = re.compile(rf"\b(?:{_WEIGH})(?!\w)|{_WEIGH_UNSPACED}", re.IGNORECASE)
"""What weighs one thing against another."""

THAN = re.compile(
    r"(?<!\w)(?:than|als|que|di|dell[ao]|do que|dan|än|чем|než|niż|από|decât|daripada|hơn)"
    r"(?:\s+(?:in|for|at|of|the|that|those|im|bei|der|die|das|dans|chez|en|para|em|in|nel|i|у|в|v|w|στο))*(?!\w)",
    re.IGNORECASE,
)
"""What stands right before the second of two things that are weighed."""

_CHANGE = (
    r"chang(?:e[sd]?|ing)|gr[eo]wn?|growth|grows?|increas\w*|decreas\w*|develop(?:ed|ment)?|evol(?:ve[sd]?|ution)|r[io]sen?|fall|fell|fallen|"
    r"dropp?\w*|trend\w*|(?:ver)?änder\w*|entwick\w*|gestiegen|stieg\w*|gesunken|sank\w*|wuchs|gewachsen|zugenommen|abgenommen|"
    r"chang[ée]\w*|évolu\w*|augment\w*|diminu\w*|cambi[aóo]\w*|variad?o?|varió|aument\w*|disminu\w*|evolucion\w*|"
    r"variat[oa]|cambiat[oa]|aumentat[oa]|diminuit[oa]|mud(?:ou|aram|ança)|evoluiu|aumentou|diminuiu|"
    r"verander\w*|ontwikkel\w*|gestegen|gedaald|förändra\w*|ändra\w*|ökat?|minskat?|"
    r"измен\w*|вырос\w*|увелич\w*|уменьш\w*|снизи\w*|змін\w*|зрос\w*|změni\w*|vzrost\w*|kles\w*|zmieni\w*|wzros\w*|spad\w*|"
    r"άλλαξ\w*|αυξήθη\w*|μειώθη\w*|değiş\w*|art[tm]\w*|azal\w*|schimb\w*|crescut|scăzut|thay đổi|tăng|giảm|berubah"
)
_CHANGE_UNSPACED = (
    r"变化|變化|改变|增长|增長|减少|变动|変化|変わ|増減|増え|減っ|변화|변했|증가|감소|تغير|تغيرت|زاد|زادت|انخفض|बदल|बढ़|घट|เปลี่ยน|เพิ่ม|ลด"
)
CHANGE = re.compile(rf"{WEIGH.pattern}|\b(?:{_CHANGE})(?!\w)|{_CHANGE_UNSPACED}", re.IGNORECASE)
"""The same, or what says how something went on."""

RANGE = re.compile(
    r"–|(?<!\w)(?:to|until|bis|à|au|al?|hasta|fino|até|ao|tot|till?|til|до|по|do|έως|μέχρι|până|la|đến|hingga|sampai)(?!\w)"
    r"|年?(?:到|至|から)|에서|إلى|से|ถึง"
)
"""What stands between the ends of a stretch of time."""

LINK = re.compile(
    RANGE.pattern
    + r"|[,/]|\b(?:versus|vs)\b\.?|(?<!\w)(?:and|or|und|oder|sowie|et|ou|y|e|o|u|ed|od|en|och|eller|og|и|или|та|і|або|oraz|lub|a|i|nebo"
    r"|anebo|ve|veya|ile|και|ή|și|sau|và|hoặc|dan|atau)(?!\w)|[和与與跟及或]|还是|還是|[とや]|または|과|와|및|(?<!\w)و|أو|और|या|และ|หรือ",
    re.IGNORECASE,
)
"""What stands between the members of a list; a stretch of time has such ends as well."""

BETWEEN = re.compile(
    r"(?<!\w)(?:between|among|amongst|zwischen|entre|tra|fra|tussen|mellan|mellem|между|між|mezi|między|pomiędzy|μεταξύ|arasında\w*"
    r"|giữa|antara|între|from|since|von|vom|seit|de|du|desde|dal?|van|från|fra|с|со|з|od|ode|z|từ|dari|din)(?!\w)"
    r"|之间|之間|从|從|의? 사이|بين|من|के बीच|ระหว่าง",
    re.IGNORECASE,
)
"""What opens a pair of things that are compared, or a stretch of time."""

WITH = re.compile(
    r"(?<!\w)(?:with|from|against|that|those|mit|denen|dem|avec|celle|celui|con|com|met|med|från|с|со|от|z|ze|s|od|με|από|cu|với|dengan)(?!\w)"
)
"""The same where a question says that it compares."""

_A, _B = (rf"(?P<{name}>[^\s，,。？?、的了吗]{{1,14}}?)" for name in "ab")
_WORDS_A, _WORDS_B = (rf"(?P<{name}>[^\s؟?،,.।]+(?: [^\s؟?،,.।]+){{0,2}}?)" for name in "ab")
UNSPACED = tuple(
    map(
        re.compile,
        (
            rf"(?:比较|比較|对比|對比)(?:一下)?{_A}[和与與跟及]{_B}(?=的|在|之间|之間|$|[，。？?])",
            rf"(?:^|[，,。、请請]){_A}[和与與跟同]{_B}(?=之间|之間|的?(?:主要)?(?:区别|區別|差异|差異|差别|差別|不同)|有(?:什么|甚麼|何|哪些)(?:区别|區別|差|不同)|在[^，。]{{1,14}}(?:区别|差|不同))",
            rf"(?:^|[、。]){_A}と{_B}(?=(?:の[^。？]{{0,12}})?(?:の違い|を比較|を比べ|の差|はどう違|の比較))",
            rf"(?:الفرق|الاختلافات?|الفروق|قارن|مقارنة)(?: بين)? {_WORDS_A} و ?{_WORDS_B}(?=$|[؟?،.]| في | من حيث )",
            rf"(?:^|\s){_WORDS_A} और {_WORDS_B}(?= (?:के बीच|में (?:क्या )?(?:अंतर|फर्क)|की तुलना|का अंतर))",
            rf"(?:^|\s){_WORDS_A}[와과] {_WORDS_B}(?=의? (?:차이|비교)|[을를]? 비교)",
        ),
    )
)
"""How questions name what they compare in scripts without capitals."""

NUMBERS = {
    word: number
    for number, words in {
        2: "two both 2 zwei beide beiden deux dos ambos ambas due dois duas twee beide två båda два обе dva dwa iki δύο două",
        3: "three 3 drei trois tres tre três drie tre три tři trzy üç τρία τρεις trei",
        4: "four 4 vier quatre cuatro quattro quatro vier fyra четыре čtyři cztery dört τέσσερα patru",
        5: "five 5 fünf cinq cinco cinque cinco vijf fem пять pět pięć beş πέντε cinci",
    }.items()
    for word in words.split()
}
"""Number words up to the most documents that are compared by their number."""
