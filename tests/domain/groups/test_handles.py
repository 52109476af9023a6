"""PGS-1, INP-3: a name in a group is not the person's own, not that of staff, and is not drawn to be taken for another."""

import pytest

from domain.errors import Invalid
from domain.groups import handles


def _refused(name: str, own: tuple[str, ...] = ()) -> str:
    with pytest.raises(Invalid) as refused:
        handles.check(name, own)
    assert refused.value.pointer == "/handle"
    return refused.value.detail


@pytest.mark.parametrize(
    "name", ["Heron", "Sea Glass", "O'Malley-Finch", "J.B._", "Heron 1984", "Zo\u00eb", "\u041b\u0438\u0441\u0430", "ab", "h" * 30]
)
def test_pgs_1_a_name_of_one_alphabet_can_be_chosen(name: str) -> None:
    assert handles.check(name) == name


def test_inp_3_a_name_is_kept_with_single_spaces_and_composed_letters() -> None:
    assert handles.check("  Zoe\u0308   of the \n Sea ") == "Zo\u00eb of the Sea"


@pytest.mark.parametrize("name", ["", "h", "  h  ", " \n "])
def test_inp_3_a_name_too_short_is_refused(name: str) -> None:
    assert _refused(name) == "From 2 to 30 characters."


def test_inp_3_a_name_too_long_is_refused() -> None:
    assert _refused("h" * 31) == "At most 30 characters."


@pytest.mark.parametrize("name", ["Her\u0000on", "Her\u202eon", "Her\ud800on"], ids=["nul", "direction", "half a pair"])
def test_inp_3_control_characters_in_a_name_are_refused(name: str) -> None:
    assert _refused(name).startswith("No ")


@pytest.mark.parametrize(
    "name",
    ["Her@n", "Heron!", "a/b", "<b>Heron</b>", "Heron\U0001f600", "Her\u200bon", "Her\ue000on", "Her\u0378on"],
    ids=["at", "mark", "slash", "markup", "emoji", "no width", "private use", "unassigned"],
)
def test_inp_3_signs_and_unseen_characters_in_a_name_are_refused(name: str) -> None:
    assert _refused(name) == "Letters, figures, spaces and - ' . _ only."


@pytest.mark.parametrize("name", ["H\u0435ron", "Her\u03bfn"], ids=["Cyrillic e", "Greek o"])
def test_pgs_1_a_name_of_two_alphabets_is_refused(name: str) -> None:
    assert _refused(name) == "Letters of one alphabet only."


@pytest.mark.parametrize("name", ["Heron 07700", "12345", "\u0661\u0662\u0663\u0664\u0665"], ids=["telephone", "figures", "Arabic figures"])
def test_pgs_1_a_number_is_no_name(name: str) -> None:
    assert _refused(name) == "At most four figures: a name, not a number."


@pytest.mark.parametrize("name", ["--", "._.", "' '"])
def test_pgs_1_a_name_of_nothing_but_dots_and_dashes_is_refused(name: str) -> None:
    assert _refused(name) == "At least one letter or figure."


@pytest.mark.parametrize("name", ["Nurse", "nurse Jo", "Jo-Nurse", "Adm1n", "H0ST", "Steady.Help", "the_NHS", "Sarnaritans", "D\u00f3ctor",
                                  "N.H.S", "N H S", "Nurses"])
def test_pgs_1_nobody_is_taken_for_staff(name: str) -> None:
    assert _refused(name) == "That name could be taken for staff."


def test_pgs_1_a_word_that_only_holds_a_title_is_no_title() -> None:
    assert handles.check("Nursery Rhyme") == "Nursery Rhyme"


@pytest.mark.parametrize(
    "name, own",
    [
        ("Ann", ("Ann",)),
        ("Little Ann", ("Ann",)),
        ("ANN 1960", ("Smith", "Ann")),
        ("Ann-Lee", ("Ann Lee",)),
        ("xMargaretx", ("Margaret",)),
        ("M4rgar3t", ("Margaret",)),
        ("\u00c1nn", ("Ann",)),
        ("Jo Lee", ("JoLee",)),
    ],
)
def test_pgs_1_nobody_goes_by_a_name_of_their_own(name: str, own: tuple[str, ...]) -> None:
    assert _refused(name, own) == "That is your own name. Choose one that nobody knows you by."


@pytest.mark.parametrize("own", [(), ("",), ("-", " "), ("Ann",), ("Margaret", "Lee")])
def test_pgs_1_a_short_name_inside_another_word_and_an_empty_one_refuse_nothing(own: tuple[str, ...]) -> None:
    assert handles.check("Annette", own) == "Annette"


@pytest.mark.parametrize(
    "one, other",
    [
        ("Heron", "heron"),
        ("Heron", "H3r0n"),
        ("Heron", "He-ron"),
        ("Heron", "H\u00e9ron"),
        ("paco", "\u0440\u0430\u0441\u043e"),
        ("tau", "\u03c4\u03b1\u03c5"),
        ("Mila", "Mlla"),
        ("Mila", "M|la"),
        ("Modern", "Modem"),
        ("Willow", "Vvillow"),
        ("Dove", "clove"),
        ("Stra\u00dfe", "strasse"),
        ("\u0141ucja", "lucja"),
    ],
)
def test_pgs_1_names_that_a_tired_reader_takes_for_each_other_look_the_same(one: str, other: str) -> None:
    assert handles.skeleton(one) == handles.skeleton(other)


@pytest.mark.parametrize("one, other", [("Heron", "Hero"), ("Robin", "Robyn"), ("Wren", "Wren 2")])
def test_pgs_1_names_that_differ_look_different(one: str, other: str) -> None:
    assert handles.skeleton(one) != handles.skeleton(other)


def test_pgs_1_what_holds_no_letter_and_no_figure_looks_like_nothing() -> None:
    assert handles.skeleton(" -'._") == ""
