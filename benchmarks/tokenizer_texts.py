"""Texts to time tokenizers on, made from short word lists, the same at every run."""

import random

_ENGLISH = """the of and to a in that it is was I for on you he be with as by at have are this not
but had his they from she which or we an there her were one do been all their has would will what
if can when so no said who more about up them some could him into its then two out time like my
now did only me your over just people know get through back year much before right also down make
after even good such because going old where little house country government morning together
something through question remember according mountain river understand believe different history
tokenization nevertheless unbelievable extraordinary characteristically misunderstanding"""
_FRENCH = """le la les une des été déjà où être même après très à côté français forêt garçon leçon
élève première préférée naïve Noël cœur sœur hôtel château fenêtre l'école qu'il s'était dans pour
aujourd'hui avec sans plus tout bien comme cette deux homme jour temps monde main vie Émile À Ça
"""
_CHINESE = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也"
    "你对生能而子那得于着下自之年过发后作里"
)


def english(count):
    """Paragraphs with curly quotation marks in half of them and an accent in one of thirty."""
    rng = random.Random(0)
    words = _ENGLISH.split()
    weights = [1 / (rank + 3) for rank in range(len(words))]
    return [_paragraph(rng, words, weights, number) for number in range(count)]


def french(count):
    """Sentences in which many words have accents."""
    rng = random.Random(1)
    words = _FRENCH.split()
    return [_sentence(rng, words, [1] * len(words)) for _ in range(count)]


def chinese(count):
    """Sentences of common characters."""
    rng = random.Random(2)
    clauses = range(count)
    return [
        "，".join("".join(rng.choices(_CHINESE, k=12)) for _ in range(4)) + "。" for _ in clauses
    ]


def _paragraph(rng, words, weights, number):
    sentences = [_sentence(rng, words, weights) for _ in range(rng.randint(1, 6))]
    if number % 2:
        sentences[0] = f"“{sentences[0]}” said the man’s friend—"
    if number % 30 == 0:
        sentences.append("They met in the café.")
    return " ".join(sentences)


def _clause(rng):
    return "".join(rng.choices(_CHINESE, k=12))


def _sentence(rng, words, weights):
    chosen = rng.choices(words, weights, k=rng.randint(5, 25))
    if len(chosen) > 9:
        chosen[4] += ","
    return " ".join(chosen).capitalize() + rng.choice(".....!?;")
