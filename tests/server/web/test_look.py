"""Colour is never alone, and text can be read: contrast of each pair that the styles use."""

import re
from pathlib import Path

import pytest

from server.assets import SOURCES, STATIC, manifest
from server.web.views import Rank

WHITE, PAGE, INK, GREY = "#ffffff", "#f0f4f5", "#212b32", "#4c6272"
RED, ORANGE, BLUE, LINE, GREEN = "#b3140b", "#ed8b00", "#005eb8", "#005eb8", "#00401e"
TEXT = 4.5
SHAPE = 3.0


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        (INK, WHITE, TEXT), (INK, PAGE, TEXT), (GREY, WHITE, TEXT), (GREY, PAGE, TEXT), (WHITE, BLUE, TEXT),
        (RED, WHITE, TEXT), (RED, PAGE, TEXT), (WHITE, RED, TEXT), (INK, ORANGE, TEXT), (WHITE, INK, TEXT),
        (BLUE, WHITE, TEXT), (GREEN, PAGE, TEXT), (GREY, "#fffbe0", TEXT), (GREY, "#f7f9fa", TEXT), (INK, "#fff4d4", TEXT),
        (LINE, "#d8e6f3", SHAPE), (RED, "#d8e6f3", SHAPE), (LINE, "#9cc3e4", SHAPE), (INK, WHITE, SHAPE),
    ],
)  # fmt: skip
def test_ux_4_6_every_pair_of_colours_can_be_told_apart(front: str, back: str, least: float) -> None:
    assert contrast(front, back) >= least


def test_ux_4_6_the_colours_tested_are_the_colours_used() -> None:
    used = (SOURCES / "app.scss").read_text(encoding="utf-8")
    for colour in ("#212b32", "#4c6272", RED, ORANGE, BLUE, PAGE, "#d8e6f3", "#9cc3e4", "#fffbe0", "#fff4d4", GREEN):
        assert colour in used


def test_ux_4_2_each_rank_has_a_word_and_urgency_its_own_shape() -> None:
    assert len({rank.word for rank in Rank}) == len(Rank)
    assert {rank.shape for rank in Rank} == {"▲", "◆", "●"}


def test_ux_4_1_everything_built_is_served_from_here(static: Path) -> None:
    files = manifest().files
    assert {"app.css", "htmx.js", "hx-sse.js", "hx-upsert.js", "desk.js", "swagger-ui.js"} <= files.keys()
    css = (static / files["app.css"]).read_text(encoding="utf-8")
    assert "@font-face" not in css
    for address in re.findall(r"url\(\"?([^)\"]+)\"?\)", css):
        assert address.startswith(("/static/images/", "data:")), address
        if address.startswith("/static/"):
            assert (STATIC / address.removeprefix("/static/")).is_file()
    assert not list(static.rglob("*logo*"))
