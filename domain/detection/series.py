"""Lists by kind number, kept as bytes; a kind is decoded when somebody asks for it and encoded when it was changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Generic, TypeVar, overload

import msgspec

T = TypeVar("T")
D = TypeVar("D")
Packed = dict[int, tuple[int, msgspec.Raw]]
"""Kind number -> (when its newest item is, in milliseconds; the items)."""

_ENCODER: Final = msgspec.msgpack.Encoder(uuid_format="bytes")
_ITEM: Final = 500
"""Bytes that an item takes as an object, with what it holds."""


class Shape(Generic[T]):
    """How items of one sort are decoded, and when each of them is."""

    __slots__ = ("decoder", "ms")

    def __init__(self, decoder: msgspec.msgpack.Decoder[list[T]], ms: Callable[[T], int]) -> None:
        self.decoder = decoder
        self.ms = ms


class Series(Mapping[int, Sequence[T]], Generic[T]):
    """Ordered items of one patient by kind number. `changed`: the kinds that somebody took to change."""

    __slots__ = ("_open", "_packed", "changed", "shape")

    def __init__(self, shape: Shape[T], packed: Packed | None = None, opened: dict[int, list[T]] | None = None) -> None:
        self.shape = shape
        self._packed: Packed = {} if packed is None else packed
        self._open: dict[int, list[T]] = {} if opened is None else opened
        self.changed: set[int] = set()

    def __getitem__(self, kind: int) -> list[T]:
        found = self._open.get(kind)
        if found is None:
            found = self._open[kind] = self.shape.decoder.decode(self._packed[kind][1])
        return found

    def opened(self, kind: int) -> list[T] | None:
        """The items of a kind if somebody asked for them before; None: they are still bytes, or there are none."""
        return self._open.get(kind)

    @overload
    def get(self, key: int, /) -> Sequence[T] | None: ...

    @overload
    def get(self, key: int, /, default: Sequence[T] | D) -> Sequence[T] | D: ...

    def get(self, key: int, /, default: Sequence[T] | D | None = None) -> Sequence[T] | D | None:
        """The items of a kind; Mapping's own would raise to find out."""
        found = self._open.get(key)
        if found is None:
            return self[key] if key in self._packed else default
        return found

    def __contains__(self, kind: object) -> bool:
        # Mapping's own would decode to find out.
        return kind in self._open or kind in self._packed

    def __iter__(self) -> Iterator[int]:
        return iter(self._open.keys() | self._packed.keys())

    def __len__(self) -> int:
        return len(self._open.keys() | self._packed.keys())

    @property
    def size(self) -> int:
        """Roughly how many bytes of memory it takes."""
        return sum(map(len, self._open.values())) * _ITEM + sum(memoryview(raw).nbytes for _, raw in self._packed.values())

    @property
    def decoded(self) -> frozenset[int]:
        """The kinds that somebody has asked for."""
        return frozenset(self._open)

    def to_change(self, kind: int) -> list[T]:
        """The items of a kind, to be changed in place; who forked from this sees nothing of it."""
        if kind in self.changed:
            return self._open[kind]
        series = self._open[kind] = list(self[kind]) if kind in self else []
        self._packed.pop(kind, None)
        self.changed.add(kind)
        return series

    def put(self, kind: int, items: list[T]) -> None:
        """Replace the items of a kind."""
        self._open[kind] = items
        self._packed.pop(kind, None)
        self.changed.add(kind)

    def last_ms(self, kind: int) -> int | None:
        """When the newest item of a kind is, in milliseconds of Unix time, without decoding any; None: there is none."""
        packed = self._packed.get(kind)
        if packed is not None:
            return packed[0]
        series = self._open.get(kind)
        return self.shape.ms(series[-1]) if series else None

    def fork(self) -> "Series[T]":
        """Another one that may be changed while this one stays as it is."""
        return Series(self.shape, self._packed.copy(), self._open.copy())

    def packed(self) -> Packed:
        """Everything as bytes; only what was changed is encoded."""
        found = self._packed.copy()
        for kind, series in self._open.items():
            if series and kind not in found:
                found[kind] = (self.shape.ms(series[-1]), msgspec.Raw(_ENCODER.encode(series)))
        return found
