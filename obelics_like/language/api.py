"""`identify_language`, the public one-text form of language identification. Pages are `language.identify`'s."""

from __future__ import annotations

from obelics_like.document import Language
from obelics_like.errors import UsageError

_MOST = 2_000  # characters: the label is settled long before, and time grows with length


def identify_language(text: str, model: str = "lid176") -> Language:
    """The language of `text` by its first 2,000 characters; `model` is a registered name or a fastText file.

    The code is BCP-47, "und" with score 0.0 for a text without letters; the score is the model's probability.
    Raises MissingPiece if the model was not fetched, UnknownName if there is no such model, UsageError for what
    is no str.

    >>> identify_language("Die Katze schläft auf dem warmen Dach.").code  # doctest: +SKIP
    'de'
    """
    # A stage gets its model from the run; a user who calls this has no run, so the models' room is opened from here,
    # at the call, which keeps the import of this module cheap.
    from obelics_like.models.load import load

    if not isinstance(text, str):
        raise UsageError("identify_language(text)", got=type(text).__name__, valid="str", do="decode it first")
    answers = load(f"langid:{model}").identify([text[:_MOST]])[0]
    code, score = answers[0] if answers else ("und", 0.0)
    return Language(code, round(score, 4), model)
