"""Makes scans: pages of text in six languages, drawn, turned and strewn with noise, with the place of each word."""

import math
import subprocess
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

TEXTS = {
    "en": """Every member of staff is entitled to thirty days of paid leave a year, which may be taken in whole or half days.
Requests are sent
to the head of the department at least two weeks before the first day away, and are answered within five working days. Leave that
is left at the end of December can be carried over until 31 March; after that date it expires without compensation. Anyone who
falls ill during a holiday reports this on the same day, and hands in a certificate from the fourth day on.

Travel is paid by the company when it was approved beforehand. Hotel rooms may cost up to 140 euros a night in Germany and 185
euros abroad. A journey of more than six hours can be made in first class. Receipts are collected in one envelope and reach the
accounts office within thirty days; what arrives later is not reimbursed. For journeys by private car 0.30 euros are paid for each
kilometre.

The warehouse in Bremen opened in 1987 and holds 12,400 pallets on five floors. Its sprinklers are tested every quarter, the lifts
twice a year. Goods that must be kept cold lie in hall C, where the temperature stays between two and six degrees. Visitors sign
in at gate 4 and wear a yellow vest.""",
    "de": """Alle Beschäftigten haben Anspruch auf dreißig Tage bezahlten Urlaub im Jahr, der in ganzen oder halben Tagen genommen
werden kann.
Anträge gehen spätestens zwei Wochen vor dem ersten freien Tag an die Abteilungsleitung und werden innerhalb von fünf Werktagen
beantwortet. Resturlaub kann bis zum 31. März des Folgejahres übertragen werden; danach verfällt er ohne Ausgleich. Wer während
des Urlaubs erkrankt, meldet dies am selben Tag und reicht ab dem vierten Tag eine Bescheinigung ein.

Reisekosten trägt das Unternehmen, wenn die Reise vorher genehmigt wurde. Hotelzimmer dürfen im Inland bis zu 140 Euro, im Ausland
bis zu 185 Euro pro Nacht kosten. Fahrten von mehr als sechs Stunden sind in der ersten Klasse möglich. Belege werden gesammelt
und müssen die Buchhaltung innerhalb von dreißig Tagen erreichen; später eingehende werden nicht erstattet. Für Fahrten mit dem
eigenen Auto werden 0,30 Euro je Kilometer gezahlt.

Das Lager in Bremen wurde 1987 eröffnet und fasst 12.400 Paletten auf fünf Ebenen. Die Löschanlage wird vierteljährlich geprüft,
die Aufzüge zweimal im Jahr. Kühlware liegt in Halle C, wo die Temperatur zwischen zwei und sechs Grad bleibt. Gäste melden sich
an Tor 4 und tragen eine gelbe Weste.""",
    "fr": """Chaque salarié a droit à trente jours de congés payés par an, qui peuvent être pris en journées entières ou en
demi-journées. Les
demandes sont adressées au chef de service au moins deux semaines avant le premier jour d'absence et reçoivent une réponse dans
les cinq jours ouvrables. Les congés restants peuvent être reportés jusqu'au 31 mars de l'année suivante ; après cette date, ils
sont perdus sans indemnité. Toute personne malade pendant ses vacances le signale le jour même et remet un certificat à partir du
quatrième jour.

Les frais de voyage sont pris en charge lorsque le déplacement a été approuvé à l'avance. Une chambre d'hôtel peut coûter jusqu'à
140 euros la nuit en France et 185 euros à l'étranger. Un trajet de plus de six heures peut être effectué en première classe. Les
reçus doivent parvenir à la comptabilité dans un délai de trente jours ; ceux qui arrivent plus tard ne sont pas remboursés. Pour
les trajets en voiture privée, 0,30 euro est versé par kilomètre.

L'entrepôt de Brême a été ouvert en 1987 et contient 12 400 palettes sur cinq étages. Les extincteurs sont vérifiés chaque
trimestre, les ascenseurs deux fois par an. Les produits frais se trouvent dans le hall C, où la température reste entre deux et
six degrés.""",
    "es": """Cada empleado tiene derecho a treinta días de vacaciones pagadas al año, que pueden tomarse en días completos o en medios días.
Las solicitudes se envían al jefe del departamento al menos dos semanas antes del primer día de ausencia y se responden en un
plazo de cinco días laborables. Las vacaciones restantes pueden trasladarse hasta el 31 de marzo del año siguiente; después de esa
fecha caducan sin compensación. Quien enferme durante las vacaciones lo comunica el mismo día y entrega un certificado a partir
del cuarto día.

Los gastos de viaje corren a cargo de la empresa cuando el viaje fue aprobado con antelación. Una habitación de hotel puede costar
hasta 140 euros por noche en España y 185 euros en el extranjero. Un trayecto de más de seis horas puede hacerse en primera clase.
Los recibos deben llegar a contabilidad en un plazo de treinta días; los que llegan más tarde no se reembolsan. Por los viajes en
coche propio se pagan 0,30 euros por kilómetro.

El almacén de Bremen abrió en 1987 y tiene espacio para 12.400 palés en cinco pisos. Los extintores se revisan cada trimestre y
los ascensores dos veces al año. Los productos fríos están en la nave C, donde la temperatura se mantiene entre dos y seis grados.
¿Quién cierra la puerta? El último que sale, señaló la dirección.""",
    "zh": """每位员工每年享有三十天带薪休假，可以按整天或半天使用。申请应在休假第一天之前至少两周提交给部门负责人，并在五个工作日内得
到答复。年底未用完的休假可以保留到次年三月三十一日，之后自动作废，不予补偿。休假期间生病的员工应当天报告，并从第四天起提
交医生证明。

事先获得批准的差旅费用由公司承担。国内酒店每晚费用不超过140欧元，国外不超过185欧元。超过六小时的旅程可以乘坐一等座
。所有收据必须在三十天内送达财务部门，逾期不予报销。使用私人汽车出差，每公里补贴0.30欧元。

不来梅的仓库于1987年启用，共有五层，可存放12400个托盘。消防设备每季度检查一次，电梯每年检查两次。需要冷藏的货物
存放在C厅，温度保持在二至六度之间。访客在四号门登记，并穿上黄色背心。""",
    "ja": """すべての従業員は年間三十日の有給休暇を取得する権利があり、一日または半日単位で利用することができます。申請は休暇の初日の
少なくとも二週間前までに部長に提出し、五営業日以内に回答されます。年末に残った休暇は翌年の三月三十一日まで繰り越すことが
できますが、その後は補償なしに失効します。休暇中に病気になった場合は、その日のうちに報告し、四日目から診断書を提出してく
ださい。

事前に承認された出張の費用は会社が負担します。ホテルの宿泊費は国内では一泊140ユーロ、海外では185ユーロまで認められ
ます。六時間を超える移動にはグリーン車を利用できます。領収書は三十日以内に経理部に届ける必要があり、遅れたものは払い戻さ
れません。自家用車を使う場合は一キロメートルにつき0.30ユーロが支払われます。

ブレーメンの倉庫は1987年に開設され、五階建てで12400枚のパレットを保管できます。スプリンクラーは四半期ごとに、エ
レベーターは年に二回点検されます。冷蔵が必要な商品はCホールにあり、温度は二度から六度の間に保たれています。""",
}
"""By language; nobody's document."""

FONTS = {
    "en": "DejaVu Serif",
    "de": "DejaVu Sans",
    "fr": "DejaVu Serif",
    "es": "DejaVu Sans",
    "zh": "Noto Serif CJK SC",
    "ja": "Noto Sans CJK JP",
}
"""By fontconfig's names: packages fonts-dejavu and fonts-noto-cjk on Debian."""

WITHOUT_SPACES = {"zh", "ja"}
DEGREES = 2.0
NOISE = 12.0  # standard deviation, of 255


@dataclass(frozen=True, slots=True)
class MadeScan:
    """A page of A4: its language and resolution, its picture, and its words with their middles in fractions of it."""

    language: str
    dpi: int
    picture: Image.Image
    words: tuple[tuple[str, tuple[float, float]], ...]


def make_scan(language: str, dpi: int, points: float) -> MadeScan:
    """Draw a page in letters of so many points."""
    size = round(points * dpi / 72)
    font = _font(language, size)
    width, height = round(8.27 * dpi), round(11.69 * dpi)
    page = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(page)
    left, right, y = 0.9 * dpi, width - 0.9 * dpi, float(dpi)
    words = []
    for paragraph in TEXTS[language].split("\n\n"):
        x = left
        for word in "".join(paragraph.split()) if language in WITHOUT_SPACES else paragraph.split():
            length = font.getlength(word)
            if x + length > right:
                x, y = left, y + round(size * 1.5)
            pen.text((x, y), word, font=font, fill=20)
            ink = font.getbbox(word)
            words.append((word, _turned(x + (ink[0] + ink[2]) / 2, y + 0.6 * size, width, height)))
            x += length + (0 if language in WITHOUT_SPACES else font.getlength(" "))
        y += size * 2.4
    grey = np.asarray(page.rotate(DEGREES, Image.Resampling.BICUBIC, fillcolor=255), np.float32)
    noisy = grey + np.random.default_rng(dpi).normal(0, NOISE, grey.shape)
    return MadeScan(language, dpi, Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)), tuple(words))


def _turned(x: float, y: float, width: int, height: int) -> tuple[float, float]:
    """Where a point of the page is after turning, in fractions."""
    cos, sin = math.cos(math.radians(DEGREES)), math.sin(math.radians(DEGREES))
    across, down = x - width / 2, y - height / 2
    return 0.5 + (across * cos + down * sin) / width, 0.5 + (down * cos - across * sin) / height


@lru_cache
def _font(language: str, size: int) -> ImageFont.FreeTypeFont:
    pattern = ["fc-match", "-f", "%{file}\n%{index}", f"{FONTS[language]}:style=Regular"]
    file, index = subprocess.run(pattern, capture_output=True, text=True, check=True).stdout.split("\n")
    return ImageFont.truetype(file, size, index=int(index) & 0xFFFF)
