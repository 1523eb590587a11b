"""Parts of speech and noun phrases without a trained model.

NLTK's trained taggers are downloads. What stands in for one: the hand-written lexicon, and for words outside of it
endings and capitals (NLTK's UnigramTagger and RegexpTagger). Of the context only what stands beside a participle is
looked at ("a hushed voice"), so a form that is both a verb and a noun always gets the same tag, and an unknown verb in
its base form passes for a noun. Adjectives and noun phrases come out well enough to count; do not use the tags for
anything finer: of 473 words in 40 sentences about music that were tagged by hand (tests/culture/tagged_sentences.txt)
89.9 % get the right one of five classes; adjectives are found with precision .91 and recall .78.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

from nltk.tag import RegexpTagger, UnigramTagger

from jobs.culture.lexicon import TAGS

# Tried in this order on words that the lexicon does not have. Penn Treebank tags; "." ends every phrase.
_ENDINGS = [
    (r"^[^\w]+$", "."),
    (r"^\d0s$|^\d{3}0s$", "NNS"),
    (r"^\d.*$", "CD"),
    (r"^[^\W\d_a-z].*$", "NNP"),
    (r".*(?:n't|'ll|'re|'ve|'d|'m)$", "VB"),
    (
        r".+-(?:driven|tinged|laden|heavy|inspired|influenced|infused|flavoured|flavored|like|esque|style|era|free)$",
        "JJ",
    ),
    (r".{2,}(?:ing)$", "VBG"),
    (r".{2,}(?:ed)$", "VBN"),
    (r".{3,}ly$", "RB"),
    (r".{2,}(?:[kz]|gg|nn|tt|pp|mm|sh|tch|oom|eam|ear|ead|ood|loss|wn)y$", "JJ"),
    (r".{2,}ment$", "NN"),
    (r".{2,}(?:ous|ful|less|ish|ive|ible|able|esque|ical|ular|ary|some)$", "JJ"),
    (r".{3,}(?:ic|al|ant|ent)$", "JJ"),
    (r".{2,}(?:ness|ment|tion|sion|ity|ism|ist|er|or|ship|ance|ence|dom|hood|age)$", "NN"),
    (r".*(?:ness|ment|tion|sion|itie|ism|ist|er|or|ship|ance|ence)s$", "NNS"),
    (r".{3,}(?:[^s])s$", "NNS"),
    (r".*", "NN"),
]

# A noun phrase is a run of these that ends in a noun; each tag is a letter, so that a regular expression finds them.
_LETTERS = {"JJ": "J", "VBN": "V", "VBG": "V", "NN": "N", "NNS": "N"}
_PHRASE = re.compile("[JVN]*N")

_DESCRIBED = {"NN", "NNS", "JJ"}
# What stands before a participle that is an adjective; after a preposition "-ing" is a gerund.
_BEFORE_ADJECTIVES = {"VBG": {"DT", "PRP$", "JJ"}, "VBN": {"DT", "PRP$", "JJ", "IN", "CC", "."}}
_POSSESSIVES = {"his", "her", "its", "their", "my", "our", "your"}

Tagged = Sequence[tuple[str, str]]


@cache
def _tagger() -> UnigramTagger:
    return UnigramTagger(model=TAGS, backoff=RegexpTagger(_ENDINGS))


@lru_cache(maxsize=200_000)
def tag(word: str) -> str:
    """The part of speech of a single word, as a Penn Treebank tag; a capital means a proper noun.

    >>> tag("shimmering"), tag("guitars"), tag("melancholic"), tag("Bristol")
    ('VBG', 'NNS', 'JJ', 'NNP')
    """
    return _tagger().tag([word])[0][1]


def tag_all(words: Sequence[str]) -> list[tuple[str, str]]:
    """The words of a sentence with their parts of speech: a participle between an article, an adjective or the like and
    a noun is an adjective.

    >>> tag_all(["a", "hushed", "voice", "was", "recorded"])
    [('a', 'DT'), ('hushed', 'JJ'), ('voice', 'NN'), ('was', 'VB'), ('recorded', 'VB')]
    """
    tags = [tag(word) for word in words]
    preceding = [".", *("PRP$" if word in _POSSESSIVES else known for word, known in zip(words, tags, strict=True))]
    for i, (before, participle, after) in enumerate(zip(preceding, tags, tags[1:], strict=False)):
        if after in _DESCRIBED and before in _BEFORE_ADJECTIVES.get(participle, ()):
            tags[i] = "JJ"
    return list(zip(words, tags, strict=True))


def noun_phrases(tagged: Tagged) -> Iterator[tuple[int, int]]:
    """The noun phrases of a tagged sentence as token ranges [start, end): adjectives, participles and nouns in front of
    a noun.

    >>> list(noun_phrases([("a", "DT"), ("slow", "JJ"), ("piano", "NN"), ("piece", "NN"), ("ends", "VB")]))
    [(1, 4)]
    """
    letters = "".join(_LETTERS.get(part_of_speech, " ") for _, part_of_speech in tagged)
    return (found.span() for found in _PHRASE.finditer(letters))
