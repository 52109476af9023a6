"""Scored questionnaires: PHQ-9, GAD-7, mMRC, NYHA, and those whose words belong to somebody else (F4).

PHQ-9 and GAD-7 may be copied and used freely (their authors' own notice); CAT, ACT and ACQ need a licence, so only their
keys and scoring are here and a service that has the licence shows the words itself.
"""

from decimal import Decimal
from typing import Final

from domain.forms.form import Answer, Form, Item, Method, Option, Score
from domain.readings.kinds import DataClass

_OFTEN: Final = (
    Option("not_at_all", "Not at all", points=Decimal(0)), Option("several_days", "Several days", points=Decimal(1)),
    Option("more_than_half", "More than half the days", points=Decimal(2)),
    Option("nearly_every_day", "Nearly every day", points=Decimal(3)),
)  # fmt: skip
_TWO_WEEKS: Final = "In the last 2 weeks, how often has this troubled you?"


def _often(key: str, text: str) -> Item:
    return Item(key=key, answer=Answer.ONE, text=text, hint=_TWO_WEEKS, options=_OFTEN, seconds=6)


_EIGHT: Final = tuple(
    _often(f"item{place}", text)
    for place, text in enumerate((
        "Little interest or pleasure in doing things", "Feeling down, sad or without hope",
        "Trouble falling or staying asleep, or sleeping too much", "Feeling tired or having little energy",
        "Poor appetite or eating too much", "Feeling bad about yourself, or that you have let yourself or your family down",
        "Trouble keeping your mind on things, such as reading or television",
        "Moving or speaking so slowly that others notice, or being so restless that you move around a lot more than usual",
    ), 1)
)  # fmt: skip

PHQ_9: Final = Form(
    key="phq9", version=1, title="How your mood has been", data_class=DataClass.MOOD,
    items=(
        *_EIGHT,
        Item(
            key="item9", answer=Answer.ONE, text="Thoughts that you would be better off dead, or of hurting yourself in some way",
            hint=_TWO_WEEKS, options=_OFTEN, seconds=8, kind="phq9_item9", unanswered="phq9_item9_unanswered",
        ),
    ),
    scores=(
        Score(key="total", method=Method.PRORATED, items=tuple(f"item{place}" for place in range(1, 10)), kind="phq9_total",
              open_most=2),
    ),
)  # fmt: skip

GAD_7: Final = Form(
    key="gad7", version=1, title="Worry", data_class=DataClass.MOOD,
    items=tuple(
        _often(f"item{place}", text)
        for place, text in enumerate((
            "Feeling nervous, anxious or on edge", "Not being able to stop worrying",
            "Worrying too much about different things", "Trouble relaxing", "Being so restless that it is hard to sit still",
            "Being easily annoyed or cross", "Feeling afraid, as if something awful might happen",
        ), 1)
    ),
    scores=(Score(key="total", method=Method.SUM, items=tuple(f"item{place}" for place in range(1, 8)), kind="gad7_total"),),
)  # fmt: skip

MMRC: Final = Form(
    key="mmrc", version=1, title="How short of breath you get", conditions=("copd",),
    items=(
        Item(
            key="grade", answer=Answer.ONE, text="Which of these is most like you?", kind="mmrc", seconds=15,
            options=(
                Option("0", "Only when I exercise hard", points=Decimal(0)),
                Option("1", "When I hurry, or walk up a small hill", points=Decimal(1)),
                Option("2", "I walk slower than people of my age, or stop for breath on the flat", points=Decimal(2)),
                Option("3", "I stop for breath after about 100 metres, or a few minutes", points=Decimal(3)),
                Option("4", "I am too breathless to leave the house, or to dress", points=Decimal(4)),
            ),
        ),
    ),
)  # fmt: skip

NYHA: Final = Form(
    key="nyha", version=1, title="What your heart lets you do", conditions=("heart_failure",),
    items=(
        Item(
            key="class", answer=Answer.ONE, text="Which of these is most like you?", kind="nyha_class", seconds=15,
            options=(
                Option("1", "I can do what I usually do without trouble", points=Decimal(1)),
                Option("2", "Usual things make me tired or short of breath", points=Decimal(2)),
                Option("3", "Small things, like dressing, make me tired or short of breath", points=Decimal(3)),
                Option("4", "I am short of breath even at rest", points=Decimal(4)),
            ),
        ),
    ),
)  # fmt: skip


def _licensed(key: str, low: int, high: int) -> Item:
    return Item(key=key, answer=Answer.NUMBER, low=Decimal(low), high=Decimal(high), seconds=8)


CAT: Final = Form(
    key="cat", version=1, title="COPD assessment (CAT)", conditions=("copd",),
    licence="The CAT is the property of its owner; ask for a licence, then show its words yourself.",
    items=tuple(_licensed(f"item{place}", 0, 5) for place in range(1, 9)),
    scores=(Score(key="total", method=Method.SUM, items=tuple(f"item{place}" for place in range(1, 9)), kind="cat_total"),),
)  # fmt: skip

ACT: Final = Form(
    key="act", version=1, title="Asthma control (ACT)", conditions=("asthma",),
    licence="The ACT is the property of its owner; ask for a licence, then show its words yourself.",
    items=tuple(_licensed(f"item{place}", 1, 5) for place in range(1, 6)),
    scores=(Score(key="total", method=Method.SUM, items=tuple(f"item{place}" for place in range(1, 6)), kind="act_total"),),
)  # fmt: skip

ACQ: Final = Form(
    key="acq", version=1, title="Asthma control (ACQ)", conditions=("asthma",),
    licence="The ACQ is the property of its author; ask for a licence, then show its words yourself.",
    items=tuple(_licensed(f"item{place}", 0, 6) for place in range(1, 8)),
    scores=(
        Score(key="mean", method=Method.MEAN, items=tuple(f"item{place}" for place in range(1, 8)), kind="acq_score", places=2),
    ),
)  # fmt: skip

QUESTIONNAIRES: Final = (PHQ_9, GAD_7, MMRC, NYHA, CAT, ACT, ACQ)
