"""The tags that a model chooses from, and what they say about entities.

Shapes: C tags, T types of entities.
"""

from collections.abc import Sequence

import numpy as np

from keras_bert.data.tagging_schemes import OUTSIDE, Tag, parse_tag

# The meaning that stands in where a type has no tag of a meaning: IOB2 has neither E nor S.
_STAND_INS = {"B": "BI", "I": "IB", "E": "EIB", "S": "SBI"}


class TagSet:
    """The ordered tags of a token classifier.

    Args:
        labels: C tags of one scheme, `O` among them, in the order of the logits; or, without
            `O`, the names of T types, which become `O` and IOB2's two tags of each.

    Attributes:
        labels: the C tags.
        parsed: the same taken apart.
        types: T types, in the order of their first tags.

    Raises:
        ValueError: no labels, repeated ones, or unknown tags.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        labels = [str(label) for label in labels]
        if OUTSIDE not in labels:
            labels = [OUTSIDE, *(f"{prefix}-{type}" for type in labels for prefix in "BI")]
        if len(labels) < 2 or len(set(labels)) < len(labels) or {"B-", "I-"} & set(labels):
            raise ValueError(
                "expected labels as distinct tags with O among them, or as the distinct names of "
                f"types of entities; received {labels[:20]}"
            )
        self.labels = labels
        self.parsed: list[Tag] = [parse_tag(label) for label in labels]
        self.types = list(dict.fromkeys(tag.type for tag in self.parsed if tag.type))
        self._number_of_type = {type: number for number, type in enumerate(self.types)}
        self._classes = np.array([self._class_row(type) for type in self.types])  # [T, 4]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def outside(self) -> int:
        """The class of `O`."""
        return self.labels.index(OUTSIDE)

    def _class_row(self, type: str) -> list[int]:
        """The classes of a type for B, I, E and S."""
        classes = {tag.meaning: c for c, tag in enumerate(self.parsed) if tag.type == type}
        return [
            next(classes[meaning] for meaning in stand_ins + "BIES" if meaning in classes)
            for stand_ins in _STAND_INS.values()
        ]

    def type_number(self, type: str, row: int) -> int:
        """The number of a type.

        Args:
            type: of an entity.
            row: the text that it stands in, for the message.

        Raises:
            ValueError: no tag has it.
        """
        if type not in self._number_of_type:
            raise ValueError(
                f"expected types among {self.types[:20]} in row {row}; received {type!r}"
            )
        return self._number_of_type[type]

    def classes(self, types: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """The classes of tokens.

        Args:
            types: int [N], the type's number of the entity that a token is in; -1 outside.
            first: bool [N], whether it is the entity's first token.
            last: bool [N], whether it is its last.

        Returns:
            int32 [N].
        """
        meaning = np.where(first & last, 3, np.where(last, 2, np.where(first, 0, 1)))
        return np.where(types < 0, self.outside, self._classes[types, meaning]).astype(np.int32)

    def allowed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What may stand where in well-formed tags.

        An entity begins with B or S and, where its type has E, ends with E or S; a type
        without B (IOB1 as some write it) begins with I.

        Returns:
            Whether a tag may be first, bool [C]; last, bool [C]; and whether the second of
            two may follow the first, bool [C, C].
        """
        begins = {tag.type for tag in self.parsed if tag.meaning == "B"}
        ends = {tag.type for tag in self.parsed if tag.meaning == "E"}
        goes_on = np.array([tag.meaning in "IE" and tag.type in begins for tag in self.parsed])
        open_ended = np.array([tag.meaning in "BI" and tag.type in ends for tag in self.parsed])
        opened = np.array([tag.meaning in "BI" for tag in self.parsed])
        types = np.array([tag.type for tag in self.parsed])
        continued = np.array([tag.meaning in "IE" for tag in self.parsed])
        joined = opened[:, None] & continued & (types[:, None] == types)
        return ~goes_on, ~open_ended, joined | (~goes_on & ~open_ended[:, None])
