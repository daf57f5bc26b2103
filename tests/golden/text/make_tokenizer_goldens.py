#!/usr/bin/env python3
"""Makes the goldens of the tokenizer tests.

  make_tokenizer_goldens.py words    writes words.json: basic tokens of awkward strings, both rules, cased and uncased
  make_tokenizer_goldens.py ids      writes ids.json: pieces of lines of prose under vocabulary.txt
  make_tokenizer_goldens.py rules    writes character_rules.json: what happens to every code point between two letters
  make_tokenizer_goldens.py corpus   prints the prose vocabulary.txt was trained on, by
                                     `cloze_vocabulary_bench 430 uncased 1 OUT CORPUS`, then the same with 500 and cased, its
                                     further pieces appended

Hugging Face's values come from its `tokenizers`; Google's from the description of google-research/bert's tokenization.py,
written anew below. Made with CPython 3.11 (Unicode 14.0) and tokenizers 0.23.3. Code points unassigned in Unicode 14.0
are left out: programs with newer tables treat them otherwise.
"""

import json
import random
import sys
import unicodedata
from pathlib import Path

FOLDER = Path(__file__).parent
VARIANTS = [("google", True), ("google", False), ("huggingface", True), ("huggingface", False)]


# --- Google's rules -----------------------------------------------------------------------------------------------------

CHINESE = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
           (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)]


def google_words(text, lowercase):
    def control(c):
        return c not in "\t\n\r" and unicodedata.category(c) in ("Cc", "Cf")

    cleaned = ""
    for c in text:
        if c in "\0\uFFFD" or control(c):
            continue
        if c in " \t\n\r" or unicodedata.category(c) == "Zs":
            cleaned += " "
        elif any(low <= ord(c) <= high for low, high in CHINESE):
            cleaned += f" {c} "
        else:
            cleaned += c
    words = []
    for token in cleaned.split():
        if lowercase:
            token = "".join(c for c in unicodedata.normalize("NFD", token.lower()) if unicodedata.category(c) != "Mn")
        spaced = "".join(f" {c} " if punctuation(c) else c for c in token)
        words += spaced.split()
    return words


def punctuation(c):
    ascii_punctuation = 33 <= ord(c) <= 47 or 58 <= ord(c) <= 64 or 91 <= ord(c) <= 96 or 123 <= ord(c) <= 126
    return ascii_punctuation or unicodedata.category(c).startswith("P")


def word_pieces(word, vocabulary, limit):
    if len(word) > limit:
        return [vocabulary["[UNK]"]]
    ids, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocabulary:
                break
        else:
            return [vocabulary["[UNK]"]]
        ids.append(vocabulary[piece])
        start = end
    return ids


# --- Hugging Face's -----------------------------------------------------------------------------------------------------

def hugging_face_words(text, lowercase):
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    normalised = BertNormalizer(lowercase=lowercase).normalize_str(text)
    return [word for word, _ in BertPreTokenizer().pre_tokenize_str(normalised)]


def hugging_face_ids(text, lowercase, vocabulary):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer.encode(text, add_special_tokens=False).ids


def words_of(text, rules, lowercase):
    return (google_words if rules == "google" else hugging_face_words)(text, lowercase)


# --- Inputs -------------------------------------------------------------------------------------------------------------

def awkward_strings():
    fixed = [
        "", " ", "\t\n\r", "a\x0bb", "a\x0cb", "a\x85b", "a\u2028b\u2029c", " \tHeLLo!how  \n Are yoU?  ", "H\u00E9llo",
        "ah\u535A\u63A8zz", "\u0130stanbul", "ΟΔΥΣΣΕΥΣ", "Σ", "AΣ.", "AΣ.B", "aΣ'", "aΣ'b", "ΑΣ ΒΣ", "a\u200bΣ", "aΣ\u200bb", "中Σ中",
        "aΣ中", "aΣ\u0301", "1Σ", "ΣΣΣ", "ʰΣ", "≠x", "≮≯", "\u1FEF", "\u037E", "한국어 문장", "\uF900", "\uFA0E\U0002F800", "ß ẞ STRASSE",
        "naïve café Ångström Ǆ ǅ ǆ ﬁ", "\u0340", "e\u0301\u0327o\u0308", "[MASK] the", "[CLS]x[SEP]", "don't can’t “quoted” — dash… 5€ £3 ±1 ©™",
        "$+<=>^`|~", "##ing #hash", "\ufeffbom", "a\u00adb", "x\u200by\u2060z", "\u202Ertl\u202C", "ﷺ عربي، نص؟", "العَرَبِيَّة", "हिन्दी में।",
        "ไทยไม่มีวรรค", "ქართული Ⴀ", "Ꭰ ꭰ", "𐐀𐐨", "𝔘𝔫𝔦", "👩‍👩‍👧‍👦 🇩🇪 👍🏽", "ひらがなカタカナ漢字", "ㄅㄆㄇ", "\U0002B820\U0002B8FF\U0002B920\U0002CEB0", "\U00030000",
        "\ue000private\uf8ff", "\U000F0000", "\u302e\u302f", "a\u302f\u302eb", "a\u302e\u0316b", "a\u0301\u302e\u0316\u302fb",
        "\U0001D15E\U0001D16D", "\U0001D160\U0001D165\U0001D16Db", "a\U0001D16D\U0001D165\u0334b", "\u034f\u302e\u034f\u302f",
        "a\u302e\u034f\U0001D165b", "\u09be\u09d7 \u0dcf", "\u1fed\u0385", "\u212b \u2126 \u212a", "\u0f73\u0f75\u0f81", "1.5e-3 3,000", "a_b-c/d\\e",
        "http://example.org/?q=1&r=%20#x", "me@example.org", "\u00a0nbsp\u202fnarrow\u3000wide", "\u180emongol", "\x1cfs\x1fus", "\x7f\x80\x9f",
        "\u2160\u2170 ⅷ", "ŉ ǰ ΐ", "\u1E9E", "İİ ıI", "\u01C5\u01C8", "Ⓐⓐ", "\u10d0\u1c90", "ʼn ΄", "¿qué? ¡sí!", "« français »", "„deutsch“",
        "\u166D\U000111C9\u1734x", "\U000110BD\U000110CD", "\u0890\u08E2", "\u2E43\u2E52", "\u061C\u061D", "\u0898\u07FDa",
        "x" * 99, "x" * 100, "x" * 101, "é" * 100, "é" * 101, "ab " * 40, "한" * 34, "한" * 33,
    ]
    # Random mixtures of characters that interact: marks, sigmas, Chinese, spaces, controls, punctuation, cased letters.
    generator = random.Random(20240607)
    alphabet = list("aAbzZ .,'-#[]\t") + list("ΣσςΑάΆéÉñİıßẞǅ中文字\uF900ひカ한국ㅎ≠€“”…—") + [
        "\u0301", "\u0308", "\u0327", "\u0345", "\u302e", "\u302f", "\u034f", "\U0001D165", "\U0001D16D", "\U0001D160",
        "\u200b", "\u00ad", "\ufeff", "\u2028", "\u00a0", "\u3000", "\x00", "\x1b", "\ufffd", "\ue000", "\u02b0", "\u0e31", "\u093e",
        "\U0002B820", "\U00010400", "\u1fef", "\u0f73", "\u1112\u1161\u11ab"]
    mixed = ["".join(generator.choice(alphabet) for _ in range(generator.randint(1, 12))) for _ in range(220)]
    return fixed + mixed


PROSE = [
    "The lighthouse keeper wrote down the weather every evening, and nobody ever read it.",
    "At 7:45 a.m. the ferry left; by noon (as Mr. Okafor had warned) the fog was everywhere.",
    "She couldn't believe it: $1,250.00 for a second-hand accordion?!",
    "Running, walking, jumping and unexpectedly swimming were all part of the programme.",
    "“Don't,” he whispered, “unless you're certain — absolutely certain.”",
    "The committee's re-examination of the 1987 archives took well over fourteen months.",
    "Electromagnetic interference disrupted the transmission between the two laboratories.",
    "Its inhabitants call the village Šúrovce; foreigners, who seldom come, call it nothing.",
    "In São Paulo the café on the corner sells pão de queijo, jalapeño poppers and naïve postcards.",
    "Das Mädchen lief über die große Straße, während der Bäcker schlief.",
    "L'élève a oublié son cahier à l'école; sa sœur l'a retrouvé près du château.",
    "Η Οδύσσεια διηγείται τον ΟΔΥΣΣΕΑ ΚΑΙ ΤΟΥΣ ΣΥΝΤΡΟΦΟΥΣ του.",
    "Поезд отправляется в Санкт-Петербург через двадцать минут.",
    "東京は日本の首都です。人口は約1400万人。",
    "我们在湖边散步，然后去吃饭。",
    "서울은 한국의 수도이다.",
    "İstanbul'da yağmurlu bir gün; vapurlar yine de çalışıyor.",
    "Mathematicians write e^(iπ) + 1 = 0, x ≠ y and 3 ≤ n < 10 without blinking.",
    "The email went to info@example.org, cc'ing half of the (bewildered) department.",
    "Version 2.10.3 fixes #482, #511 & a long-standing bug in read_file().",
    "A gull, two gulls, three gulls: the harbour was full of them before the storm broke.",
    "Understanding misunderstandings requires patience, kindness and sometimes a translator.",
    "Nobody remembered who had planted the chestnut tree or why it leaned toward the river.",
    "\tTabs, non\u00a0breaking spaces and zero\u200bwidth characters all appear in real files.",
    "THE HEADLINE SHOUTED: STRIKE ENDS, TRAINS RUN AGAIN, PASSENGERS CHEER.",
]


def prose_lines():
    generator = random.Random(7)
    clauses = [piece.strip() for sentence in PROSE for piece in sentence.replace(";", ",").split(",")]
    lines = list(PROSE)
    while len(lines) < 200:
        lines.append(", ".join(generator.sample(clauses, generator.randint(2, 4))))
    return lines


# --- Outputs ------------------------------------------------------------------------------------------------------------

def make_words():
    cases = [{"text": text, "words": [words_of(text, *variant) for variant in VARIANTS]} for text in awkward_strings()]
    write("words.json", {"variants": VARIANTS, "cases": cases})


def make_ids():
    pieces = (FOLDER / "vocabulary.txt").read_text(encoding="utf-8").split("\n")[:-1]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}

    def ids(text, rules, lowercase):
        if rules == "huggingface":
            return hugging_face_ids(text, lowercase, vocabulary)
        return [i for word in google_words(text, lowercase) for i in word_pieces(word, vocabulary, 200)]

    cases = [{"text": text, "ids": [ids(text, *variant) for variant in VARIANTS]} for text in prose_lines()]
    write("ids.json", {"variants": VARIANTS, "cases": cases})


def make_rules():
    """Per variant: ranges of code points that vanish, act as a space, stand alone; the rest that change, and into what."""
    assigned = [cp for cp in range(0x110000) if unicodedata.category(chr(cp)) not in ("Cn", "Cs")]
    variants = []
    for rules, lowercase in VARIANTS:
        classes = {"drop": [], "space": [], "isolate": []}
        changes = {}
        for cp in assigned:
            c = chr(cp)
            words = words_of(f"a{c}b", rules, lowercase)
            if words == ["ab"]:
                classes["drop"].append(cp)
            elif words == ["a", "b"]:
                classes["space"].append(cp)
            elif words == ["a", c, "b"]:
                classes["isolate"].append(cp)
            elif words != [f"a{c}b"] and not 0xAC00 <= cp <= 0xD7A3:  # Hangul syllables: words.json has some
                changes[f"{cp:X}"] = " ".join(words)[1:-1]
        variants.append({**{name: ranges(members) for name, members in classes.items()}, "change": changes})
    unassigned = sorted(set(range(0x110000)) - set(assigned))
    write("character_rules.json", {"variants": VARIANTS, "unassigned": ranges(unassigned), "rules": variants})


def ranges(members):
    result = []
    for cp in members:
        if result and result[-1][1] == cp - 1:
            result[-1][1] = cp
        else:
            result.append([cp, cp])
    return result


def write(name, value):
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("},{", "},\n{")
    (FOLDER / name).write_text(text + "\n", encoding="ascii")


if __name__ == "__main__":
    actions = {"words": make_words, "ids": make_ids, "rules": make_rules, "corpus": lambda: print("\n".join(prose_lines()))}
    if len(sys.argv) != 2 or sys.argv[1] not in actions:
        sys.exit(__doc__)
    actions[sys.argv[1]]()
