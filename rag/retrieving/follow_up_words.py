"""Words that tell a follow-up question from a whole one, in the languages that documents are asked in most."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION_WORDS = _words(
    """
    a about after again all also am an and any are as at be because been before being between but by can could did do does doing done
    during each every few for from get gets give had happen happened happens has have having how i if in into is its just know less
    let like long make many may me mean means might mine more most much must my need no not of off often on once only or our out over
    per please really shall should since so some soon still such tell than the then there to too under until up upon us very was we
    were what what's when where whether which while who whom whose why will with within without would yes you your explain elaborate
    continue detail details example examples exactly sure summarise summarize go else same other others another it they them their
    theirs this that these those one ones he she him her his hers both either former latter it's that's aber als am an auch auf aus
    bei beim bin bis bitte da dann das dass dem den der des die dies dieser dieses dir doch du durch ein eine einem einen einer eines
    er es für gegen genau gibt gilt hat habe haben hoch ich ihm ihn ihr ihre im in ist ja kann kannst können lange man mehr mein meine
    mich mir mit muss nach nicht noch nur ob oder ohne sein seine sich sie sind so soll über um und uns unser viel vom von vor wann
    war warum was weil welche welchem welchen welcher welches wenn wer werden wie wieso wird wir wo woher zu zum zur davon dafür damit
    dazu daran darauf darin dort beides erkläre bekomme à ai ainsi alors après au aussi aux avant avec avez avoir c'est ce ceci cela
    ces cet cette ceux celles celui-ci celle-ci combien comme comment d dans de des du elle elles en encore est est-ce et être eux
    fait faut-il il ils je l la le les leur leurs lui ma mais mes moi mon nos notre nous on ont ou où par pas pour pourquoi puis-je
    quand que quel quelle quelles quels qu'est-ce qui quoi sa sans se ses si son sont sous sur ta tes toi ton tu un une vos votre vous
    y ça al algo allí ahí antes aquel como cómo con cual cuál cuales cuáles cuando cuándo cuánta cuánto cuántos cuántas de del desde
    donde dónde el él ella ellas ellos en entre era es esa esas ese eso esos esta está estas este esto estos fue ha hasta hay la las
    le les lo los más me mi mis muy ni no nos o otra otro para pero por porque puedo qué que quien quién se ser si sí sin sobre son su
    sus también tengo tiene un una uno unos y ya yo e che chi ciò come con cosa da dal della delle di dove è gli ho i il le lo nel
    nella non per perché più può quale quali quando quanto questa questo quella quello si sono sul sulla tra un una um uma os as ao
    aos da das do dos ele ela isso isto não no na nos nas ou para pelo pela por qual quais quem são seu sua een het de van is zijn
    voor met op te hoe wat wie waar wanneer waarom hoeveel deze dit dat и а но или в на с по за из от до у о что это этот эта эти как
    кто где когда почему сколько какой какая какие он она оно они его её их там
    """
)
"""Words that do not tell what a question is about, in the languages that documents are asked in most."""

PRONOUNS = _words(
    """
    it its it's they them their theirs this these those he she him his hers both either former latter same else another others er
    ihn ihm ihre ihren dieser diese dieses diesen diesem jener jene jenes davon dafür damit dazu daran darauf darin dort beides elle
    ils elles celui-ci celle-ci ceux-ci celles-ci celui-là celle-là ça cela cette cet ces eux lui él ella ellos ellas eso esto esa ese
    esas esos este estas estos aquel aquella allí ahí questo questa questi queste quello quella esso essa ciò ele ela eles elas isso
    isto esse essa esses essas este esta deze он она оно они его её их этот эта эти это там
    """
)
"""Words that stand for something said before."""

DETERMINERS = _words("a an the my our your each every any der die das den ein eine einen le la les un une el los las il lo gli o os de het")
DEFINITE = _words("the der die das den dem le la les el los las il lo gli het its their")
SPEAKERS = _words("i we you one ich wir man du sie je nous vous on puis-je yo puedo nosotros io noi eu nós ik wij я мы")
"""Who asks: "How do I pay?" says enough in one word."""

JUNCTIONS = _words(
    "and or but if when because which who before after once until while und oder wenn weil et ou si quand y cuando e se и если"
)
GERMAN = _words("der die das dem den ist sind wie und im für mit auf bei von zum zur ein eine wird kann gilt wann wer")
"""Where nouns have capital letters, these do not tell a name."""

PREPOSITIONS = _words(
    """
    about at by during for from in of on per since to under until with within without after before between für bei in im mit nach vor
    seit von ab pour en au aux dans de du des chez avec à avant après depuis para con por desde hasta a di per con voor met bij в на
    для с
    """
)
OPEN_PREPOSITIONS = frozenset({"", "for", "of", "about", "with", "pour", "para", "de", "du", "für", "per", "di"})
"""With these a follow-up may name another thing of any kind; with "in" or "after", only another place or time."""
