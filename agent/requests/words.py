"""The words in which people ask for a recogniser, English and Chinese: verbs, places, politeness, states.

Only vocabulary; `understand.py` reads requests with it. Patterns are for lower-case text of single spaces.
"""

import re
from typing import Literal


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


MarkKind = Literal["segment", "detect", "classify", "any"]

# What the person wants made. A noun ("an apple segmenter") has its object in front of it, a verb behind it.
# Patterns are tried in this order; the first of them takes the words.
MARKS: tuple[tuple[MarkKind, Literal["verb", "noun"], str], ...] = (
    ("classify", "verb", r"\b(?:find out|detect|see|check|know|decide|say|tell|predict)(?: me| us)? (?:whether"
        r"|if)\b|\bwhether\b"),
    ("classify", "verb", r"\b(?:tell|find|see|know|learn) the difference between\b"),
    ("segment", "noun", r"\b(?:semantic|instance|image|object|pixel)[ -]segmentation\b"),
    ("segment", "noun", r"\b(?:segmentation|segment[eo]rs?)\b"),
    ("segment", "verb", r"\bsegment(?:s|ed|ing)?\b"),
    ("segment", "verb", r"\b(?:cut|cuts|cutting) out\b|\b(?:remove|removes|removing) (?:the )?background (?:from"
        r"|of)\b"),
    ("segment", "noun", r"\b(?:cut-?outs?|silhouettes?|contours?|outlines?)(?: of)?\b"),
    ("segment", "verb", r"\b(?:outlining|matting)\b"),
    ("segment", "noun", r"\b(?:pixel|instance|exact|binary)[ -](?:level |perfect )*masks?\b"),
    ("segment", "verb", r"^\W*masks?(?: out)?\b|\bmask(?:ing)? out\b|\bmasking\b"),
    ("segment", "noun", r"\b(?:with |as |give me |want |need |get |draw )masks\b"
                        r"|(?<!face )(?<!gas )(?<!ski )(?<!surgical )(?<!medical )\bmasks?(?= (?:of|for|around"
                        r"|on|please|needed)\b| ?,| ?\n|$)"),
    ("detect", "noun", r"\b(?:just |only |with |want |need |draw |as |use |put "
        r"|in )*(?:an? )?(?:bounding[ -]boxes|bounding[ -]box|bboxes)"
                       r"(?: only| instead| (?:are|is|will be) (?:enough|fine|ok|okay|good enough|sufficient"
                       r"|all i need))?\b"),
    ("detect", "noun", r"\bbox(?:es)? (?:are|is|will be|would be) (?:enough|fine|ok|okay|good|good enough"
        r"|sufficient|all i need)\b"
                       r"|\bboxes (?:will do|only|suffice|instead)\b|\b(?:just|only|with|as|use) boxes\b"
                       r"|^boxes (?:for|around|of)\b"),
    ("detect", "verb", r"\b(?:draw|put|place|drawing) (?:a )?box(?:es)? (?:around|on|round)\b"),
    ("detect", "noun", r"\b(?:object )?(?:detection|detect[eo]rs?|counters?|finders?|trackers?|locators?)\b"),
    ("detect", "verb", r"\b(?:detect(?:s|ed|ing)?|count(?:s|ed|ing)?|locat(?:e|es|ed|ing)|locali[sz](?:e|es|ing|ation)"
                       r"|track(?:s|ing)?|how many|spot(?:s|ting)?(?= the| all| every| any| my))\b|^where (?:is"
                       r"|are)\b"),
    ("detect", "verb", r"\bpick(?:s|ing)? out\b"),
    ("detect", "verb", r"\bfind(?:s|ing)?(?! (?:a|the|some) (?:way|method|solution)| out)\b"),
    ("classify", "verb", r"\btell(?:s|ing)?(?: me)?(?= .*\b(?:from|apart)\b)|\btells? apart\b"),
    ("classify", "verb", r"\bseparat(?:e|es|ing)(?= .*\b(?:from|and)\b)"),
    ("classify", "verb", r"\b(?:distinguish(?:es|ing)?|differentiat(?:e|es|ing)|discriminat(?:e|es"
        r"|ing))(?: between)?\b"),
    ("classify", "noun", r"\b(?:classif(?:ier|iers|ication)|sorters?|grader)\b"),
    ("classify", "verb", r"\b(?:classif(?:y|ies|ied|ying)|categori[sz](?:e|es|ing)|sort(?:s|ing)?(?! of)"
        r"|grad(?:e|es|ing))\b"),
    ("any", "noun", r"\b(?:recogni[sz]ers?|recognition|identifiers?|identification)\b"),
    ("any", "verb", r"\b(?:recogni[sz](?:e|es|ed|ing)|identif(?:y|ies|ying))\b"),
    # Chinese
    ("segment", "noun", r"语义分割|实例分割|图像分割"),
    ("segment", "verb", r"分割出?来?|抠图|抠像|抠出来?|抠下来|扣图|勾勒出?|描边"),
    ("segment", "noun", r"的?(?:轮廓|掩码|掩膜|蒙版|遮罩)"),
    ("classify", "verb", r"(?:区分|分辨|辨别|区别|分拣|分级|分类|判断|分得清|辨认出?是)(?:出|开)?来?|(?<=.)分开"),
    ("detect", "noun", r"(?:只要|只用|只需要?|用|要|画|打|有|给)*的?(?:方|边界|检测|矩形|外接|包围)?框(?:就行了?"
        r"|就够了?|就可以了?|即可|就好|也行|出来|起来|就)"
                       r"|(?:只要|只用|只需要?|用|画|打|的)(?:方|边界|检测|矩形|外接|包围)?框|(?:边界|包围"
                       r"|矩形)框|包围盒"),
    ("detect", "verb", r"目标检测|检测出?来?|侦测|探测|识别(?=.{0,12}(?:数量|个数))|找出来?|找到|寻找|定位"
        r"|框出来?|框住"),
    ("detect", "noun", r"的?(?:数量|个数|数目)"),
    ("detect", "verb", r"数一数|数一下|数数(?!据)|数出|数清楚?|计数|统计|有?多少(?:[个只颗辆张]|瓶(?!子))?"
        r"|有几[个只颗瓶辆]"),
    ("detect", "verb", r"(?:(?<![\u4e00-\u9fff])|(?<=[我想要来帮给能会以]))数(?![据字量码学值控目])"),
    ("any", "verb", r"识别出?|认出来?|辨认|[标圈画]出来?"),
)  # fmt: skip
# Kind words that may be misspelt; the rest are too short or too near to other words to guess.
SPELLED = (
    "segment", "segments", "segmenter", "segmentation", "segmenting", "detect", "detects", "detector", "detection",
    "detecting", "classify", "classifier", "classification", "classifies", "recognize", "recognise", "recognizer",
    "distinguish", "locate", "conveyor", "orchard", "microscope", "workbench", "supermarket",
)  # fmt: skip
# With "rotten apples" beside them, "good apples" are all the others.
SOUND = {"good", "healthy", "fresh", "intact", "undamaged", "normal", "clean", "sound", "fine", "好", "新"}
REFUSED = (
    r"\b(?:no|not|without|don'?t (?:need|want)|do not (?:need|want)|instead of|rather than|no need for|never)\s+"
    r"(?:(?:any|a|the|just|to)\s+)*"
)
REFUSED_ZH = r"(?:不要|不用|不需要|无需|不必|别)(?:做|画)?"

# Words for the places a renderer can build.
PLACES: dict[str, tuple[str, ...]] = {
    "orchard": ("orchard", "tree", "branch", "vine", "果园", "树", "树枝", "枝头"),
    "bush": ("bush", "hedge", "shrub", "greenhouse", "灌木丛", "灌木", "树丛", "大棚", "温室"),
    "grass": ("grass", "lawn", "meadow", "pasture", "garden", "park", "草地", "草坪", "草丛", "花园", "公园"),
    "soil": ("soil", "ground", "dirt", "field", "earth", "vegetable patch", "mud", "土", "土壤", "泥土", "田", "田地",
             "地里", "菜地", "农田"),
    "table": ("table", "desk", "kitchen "
        "counter", "countertop", "kitchen", "桌", "桌子", "桌面", "餐桌", "书桌", "厨房"),
    "shelf": ("shelf", "rack", "supermarket", "store", "货架", "架子", "书架", "超市", "商店"),
    "conveyor": ("conveyor belt", "conveyor", "conveyer belt", "conveyer", "belt", "production line", "assembly line",
                 "factory line", "sorting line", "传送带", "流水线", "生产线", "输送带"),
    "floor": ("floor", "carpet", "tiles", "rug", "地板", "地面", "地毯", "地"),
    "road": ("road", "street", "car park", "highway", "motorway", "parking "
        "lot", "driveway", "pavement", "sidewalk", "路", "马路",
             "街", "街道", "公路", "道路", "高速", "停车场"),
    "sky": ("sky", "air", "天空", "空", "天", "空中"),
    "studio": ("white background", "plain background", "studio", "light box", "lightbox", "white "
        "paper", "白底", "白色背景",
               "纯色背景", "摄影棚"),
    "hand": ("hand", "palm", "手", "手中", "手里", "掌心"),
    "workbench": ("workbench", "work bench", "workshop", "tool bench", "garage", "工作台", "车间", "工作间"),
    "inspection": ("inspection line", "inspection station", "inspection camera", "检测线", "检测工位"),
    "dashcam": ("dashcam", "dash cam", "dash camera", "road from a car", "road seen from a car",
                "street from a car", "windscreen", "windshield", "行车记录仪", "车载摄像头"),
    "aerial": ("aerial view", "aerial image", "aerial photo", "satellite image", "drone image", "drone footage",
               "航拍", "航拍图", "航拍图像", "无人机图像", "卫星图像", "鸟瞰图"),
    "liquid": ("clear liquid", "liquid", "fluid", "aquarium", "fish tank", "beaker", "water tank", "液体", "水中",
               "水下", "水里", "溶液", "鱼缸"),
    "surface": ("surface close-up", "facade", "表面特写", "墙面", "墙壁"),
    "slide": ("microscope slide", "microscope", "microscopy", "slide", "显微镜", "载玻片"),
}  # fmt: skip
PLURAL_PLACES = {"shelf": "shelves", "branch": "branches", "bush": "bushes", "grass": "grasses", "air": "air"}
PREPOSITIONS = (
    "in", "on", "at", "under", "inside", "along", "across", "over", "beneath", "against", "through", "upon", "above",
    "from", "near", "off", "beside", "by",
)  # fmt: skip

# Words that carry no object. Stripped at both ends of a phrase.
FILLERS = _set(
    "i i'd i'm im id we we'd want wants wanted need needs would like to love please pls plz kindly could can you "
    "your u should shall will must may might build builds building make makes making create creating train training "
    "develop design get gets give gives me us my our a an the some any all every each this that these those which "
    "who it its it's them they model models network networks neural net nets ai ml deep learning vision computer "
    "system systems app apps application tool tools program software algorithm bot thing solution for of to with "
    "using use used via and or so just only simple basic hi hello hey dear there thanks thank cheers help able "
    "let's let us do does small little tiny custom real-time realtime live automatic "
    "automatically image images picture pictures photo photos video videos pic pics camera object objects item "
    "items instance semantic type types kind kinds sort sorts is are be been being in on at from by as if how "
    "what one ones out up down into apart between each other look looking looks see sees something someone pixel "
    "level perfect set dataset data exactly really go now ok okay something anything everything stuff things "
    "hm hmm um uh well yes no not want more than less best better your me mine i've have got has had "
    "around them well too also then hereby asap output outputs result results draw show separately individually "
    "class classes task kind label labels apart"
)  # fmt: skip
# Beside what was understood, a remainder of these alone is none.
SAYS_NOTHING = _set(
    "and or but so because since when while that which who where then than if whether both only also per with without "
    "within until about around between among there here he she his her their they good nice great new different "
    "various many several few lots lot quick quickly fast please kindly thank thanks am are were been being not no "
    "yes find detect count recognise recognize segment classify try run use made given shown taken put take show tell "
    "say vs versus boxes box mask masks outline outlines model s t re ve ll d m works working work"
)
# Endings of a clause: what follows is no longer the object.
CLAUSE_END = re.compile(
    r"\s(?:so that|in order|so (?:i|we|that|it)|because|since|but|where|when|while|before|after|then|if|whether|"
    r"for (?:my|our|a|an|the|his|her|their|use|this)|to (?:be|help|run|use|know|see|check|make|pick|put|feed|work)|"
    r"and (?:then|tell|show|give|report|send|make|put|do|i|it|we|they|please|run|save|draw|delete|print)|"
    r"(?:it|i|we|you|they|he|she|this|that|which|who) (?:\w+))(?=\s|$)"
    r"|,\s*(?:it|i|we|they|this|that|please|but|so|then|thanks?|no|not|the (?:result|model)|which|and then|as|"
    r"using|make|use|with|for|system|ignore|using)\b"
)
SENTENCE_WORDS = _set("i we they he she it is are was were am work works working run runs have has own grow grows")
BUILD_WORDS = re.compile(
    r"(?:^|\s)(?:build|make|create|train|develop|design|want|need|get|give|like|love)(?: me| us| my| our)?(?= |$)"
)
VAGUE = _set(
    "object objects thing things stuff something anything everything it them that this items item image images "
    "picture "
    "pictures photo photos one ones nothing whatever who what model 东西 物体 目标 对象 物品 它 它们 这个 那个 "
    "什么 图片 "
    "照片 图像 任何东西 所有东西 某物"
)
QUALITY = r"good|great|nice|simple|small|decent|reliable|robust|accurate|cool|awesome|proper|basic|smart|working|fast"
TECHNOLOGY = (
    r"\b(?:with|using|in|via|by|based on|through)\s+(?:a |an |the )?(?:python|yolo[a-z0-9-]*|deep learning"
    r"|machine learning|ai|artificial "
    r"intelligence|computer vision|(?:convolutional )?neural net(?:work)?s?|opencv|pytorch|tensorflow|blender"
    r"|sam[123]?|ultralytics)\b"
    r"|\b(?:yolo[a-z0-9-]*|opencv|pytorch|deep learning|machine learning|computer vision|neural network"
    r"|real[- ]?time)\b"
)
# Things no camera sees.
ABSTRACT = re.compile(
    r"(?:^|\s)(?:prices?|stocks?|stock market|sentiments?|e-?mails?|spam|fraud|malware|tweets?|reviews?|speech"
    r"|audio|sounds?|"
    r"music|songs?|voices?|languages?|intents?|time series|weather|trends?|sarcasm|lies|love|happiness|plagiarism|"
    r"lottery|winners?|future|poems?|stor(?:y|ies)|essays?|jokes?|numbers of tomorrow|bitcoin|crypto|feelings?|"
    r"thoughts?|meaning of life|texts?|news|passwords?|api keys?)$"
    r"|股票|股价|价格|天气|情感|情绪|垃圾邮件|邮件|语音|声音|音乐|文本|新闻|彩票|诗|笑话|未来|汇率|房价"
)
NOT_VISION = re.compile(
    r"^\W*(?:please |can you |could you |i want to |i'd like to |help me (?:to )?)*(?:predict|forecast|teach"
    r"|translate|write|summari[sz]e|"
    r"sing|compose|calculate|solve|play|buy|sell|order|cook|hack|book|talk|chat|tell me a|what(?:'s| is)"
    r"|who(?:'s| is)|"
    r"why|how are|how do)\b|^(?:请|帮我|我想)*(?:预测|翻译|写|唱|讲|计算|买|卖|播放|点)"
)
# A place together with how it is looked at is another place: what is read, and the word of `PLACES` that it means.
PLACES_SEEN_SO: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"^(?!.*\b(?:tell\w*|distinguish\w*|separat\w+|differentiat\w+)\b)(.*?)"
            r"(?:(?:as )?(?:seen|taken|filmed|shot|photographed|viewed) )?"
            r"\b(?:from (?:above )?(?:in |by )?(?:drones|(?:an?|the|my|our) "
            r"(?:drone|(?:air)?plane|aeroplane|helicopter|satellite))"
            r"|from the air|by (?:a )?drones?)\b(?! (?:body|frame|motor|wing))"
        ),
        r"\1in an aerial view",
    ),
    (re.compile(r"(?:从|用)?无人机(?:航?拍(?:摄|到)?的?|视角(?:下|里|中)?的?|上(?:看|拍)到?的?)"), "航拍图里的"),
    (
        re.compile(
            r"\b(?:conveyor|conveyer)(?: belt)?s? (?:, )?(?:seen |viewed )?from (?:straight )?(?:above|the top)\b"
            r"|\bbelts? (?:, )?(?:seen |viewed )?from (?:straight )?(?:above|the top)\b"
        ),
        "inspection line",
    ),
    (
        re.compile(
            r"(?:传送带|流水线|输送带)(?:的?俯视图?|正上方)(?:上|里|中)?的?|俯视的?(?:传送带|流水线|输送带)(?:上|里|中)?的?"
        ),
        "检测线上的",
    ),
    (  # boats are on water, and fish in it
        re.compile(
            r"\b(?:(?:under|in|inside|below) (?:(?:the|a|clear|dirty|sea|salt|fresh) ){0,2}"
            r"(?:water|beer|oil|sea|ocean)|underwater)\b(?! (?:bottle|tank|glass|line|level)s?\b)"
        ),
        "in a liquid",
    ),
)
# How an image is taken; every way is shown anyway.
VIEWS = re.compile(
    r"\b(?:seen |viewed |taken )?from (?:above|below|the side|the top|a distance|afar|far away"
    r"|up close|any angle|"
    r"different angles|all sides)\b|\b(?:up close|at night|in the dark|by day|outdoors|indoors|outside"
    r"|inside)(?= |$)|从背景[里中]?|"
    r"从(?:上方|上面|侧面|远处|高处|各个角度)(?:看|拍)?"
)
# Words that describe an object and never name one: "ripe and raw tomatoes" are two kinds of tomatoes.
STATES = _set(
    "good bad ripe unripe raw overripe rotten fresh spoiled spoilt mouldy moldy bruised red green yellow orange blue "
    "purple pink brown black white grey gray golden clean dirty full empty open opened closed shut broken intact "
    "cracked "
    "healthy sick diseased ill damaged undamaged new old rusty shiny dry wet big small large tiny young mature "
    "immature "
    "cooked uncooked burnt peeled unpeeled cut whole dented crushed defective faulty infected uninfected wilted live "
    "dead standing fallen ripened half-ripe 好 坏 成熟 未成熟 不成熟 没熟 没成熟 熟 生 烂 腐烂 新鲜 红 青 绿 黄 "
    "红色 绿色 青色 "
    "黄色 白色 黑色 蓝色 干净 脏 满 空 破 破损 完好 破碎 健康 生病 生锈 新 旧 大 小 半熟 熟透 好的 坏的"
)

# Chinese politeness and carriers at both ends of a phrase.
LEAD_ZH = re.compile(
    r"^(?:只要|只想要?|只需要?|帮我|帮忙|帮|请问|请你?|麻烦你?|拜托|你好|您好|我们?|想要?|要求|要|需要|每轮|希望|打算|给我|给|为我"
    r"|替我|对(?![讲联])|还是|还|让|能不能|可不可以|可以|能够?|用来|用于|"
    r"做出?|建立|建|训练|搭建|搭|构建|创建|开发|生成|制作|弄|来|搞|造|设计|整|一下|一个|一种|一套|个|把(?!手)"
    r"|将(?!军)|从|所有|全部|每个|各种|"
    r"这些|那些|这个|那个|里面|图片里?|照片里?|图像|画面|图中|图里|模型|系统|程序|网络|背景|看看|的|了|是|出来"
    r"|并|然后|再|软件|器(?![皿具材械官])|,|\s)"
)
TAIL_ZH = re.compile(
    r"(?:的|模型|系统|程序|算法|网络|工具|软件|应用|任务|出来|起来|开来|一下|吧|吗|呢|啊|哦|呀|了|谢谢你?|多谢"
    r"|拜托|即可|就行|就好|可以|进行|做|图片|成熟度|大小|品质|"
    r"照片|图像|是|和|,|\s)$"
)
