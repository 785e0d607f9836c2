r"""Half a surrogate pair: a character of a Python string that no UTF-8, and no tensor, can hold.

JSON's `\ud83d\ude00` is one character, but `\ud83d` alone is such a half.
"""


def refuse_surrogates(where: str, *texts: str) -> None:
    """Refuses texts that have no UTF-8 form.

    Args:
        where: what the texts are of, for the message.
        *texts: any number.

    Raises:
        ValueError: one of them has half of a surrogate pair.
    """
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(
                f"expected texts of valid Unicode in {where}; received {text!r:.100} "
                "with half of a surrogate pair"
            ) from error
