"""The rating in a review, and the work that it is about, where the page marks them (https://schema.org/Review)."""

import re
from dataclasses import dataclass

from jobs.scrape.linked_data import LinkedData, is_review

# What schema.org assumes where a rating does not say it.
BEST, WORST = 5.0, 1.0
ARTIST = ("byArtist", "author", "creator", "artist", "performer")
_NUMBER = re.compile(r"(-?\d{1,4}(?:[.,]\d{1,4})?)\s*(?:/\s*(\d{1,4})|(%))?$")


@dataclass(frozen=True)
class Review:
    """rating : 0 (worst) to 1 (best); each is None where the page does not mark it"""

    rating: float | None
    title: str | None
    artist: str | None


def review(data: LinkedData, article: dict | None) -> Review | None:
    """The page's review: the article itself or, when there is just one in what the page describes, that one; None when
    there is none. Ratings by readers come in numbers, and so are never taken for the author's."""
    things = [thing for thing in data.things if is_review(thing) or "itemReviewed" in thing]
    if article is not None and (is_review(article) or "itemReviewed" in article or "reviewRating" in article):
        found = article
    elif len(things) == 1:
        found = things[0]
    else:
        return None
    works = [work for work in data.values(found, "itemReviewed") if isinstance(work, dict)]
    works += [thing for thing in data.things if any(found is one for one in data.values(thing, "review"))]
    ratings = [one for one in data.values(found, "reviewRating") if isinstance(one, dict)]
    said = Review(
        rating=next((value for value in map(normalised, ratings) if value is not None), None),
        title=next(filter(None, (data.text(work, "name") for work in works)), None),
        artist=next(filter(None, (data.text(work, name) for work in works for name in ARTIST)), None),
    )
    return None if said == Review(None, None, None) else said


def normalised(rating: dict) -> float | None:
    """A schema.org Rating as a number from 0 (worst) to 1 (best); None when it is none, or off its own scale.

    >>> normalised({"ratingValue": "8,4", "bestRating": 10, "worstRating": "0"})
    0.84
    >>> normalised({"ratingValue": 3})  # of 5, from 1
    0.5
    >>> normalised({"ratingValue": "7/10"}), normalised({"ratingValue": 9})
    (0.7, None)
    """
    value, scale = _number(rating.get("ratingValue"))
    best, worst = _number(rating.get("bestRating"))[0], _number(rating.get("worstRating"))[0]
    if value is None:
        return None
    if scale is not None:  # "7/10" and "70%" count from 0
        best, worst = scale, 0.0
    best = BEST if best is None else best
    if worst is None:  # what is below the assumed worst shows that the scale begins lower
        worst = WORST if value >= WORST else 0.0
    return round((value - worst) / (best - worst), 4) if worst <= value <= best and worst < best else None


def _number(said: object) -> tuple[float | None, float | None]:
    """A number, and the best one where it says "of so many"."""
    said = said[0] if isinstance(said, list) and said else said
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None, None
    found = _NUMBER.match(str(said).strip())
    if found is None:
        return None, None
    scale = 100.0 if found[3] else float(found[2]) if found[2] else None
    return float(found[1].replace(",", ".")), scale
