"""The daily diaries and the event diaries, in our own words (F4). Read as data: nothing here decides anything.

`steady` is known before the first question: a person who has been steady is asked less, and everything again as soon as
one answer is not as usual (F6). What may be an emergency is asked of everybody every time.
"""

from decimal import Decimal
from typing import Final

from domain.forms.form import Answer, Check, Fact, Form, Item, Method, Option, Score, is_code, yes_no

STEADY: Final = Fact(key="steady", codes=("no", "yes"))
_NOT_STEADY: Final = (Check("steady", "is", "no"),)
_WORSE: Final = (Check("feel", "is", "worse"),)
_IN_FULL: Final = (_NOT_STEADY, _WORSE)
_FEEL: Final = Item(
    key="feel", answer=Answer.ONE, text="How do you feel today?", seconds=4,
    options=(
        Option("same", "The same as usual", symptom="feel_as_usual"), Option("better", "Better than usual"),
        Option("worse", "Worse than usual"),
    ),
)  # fmt: skip


def _asked(key: str, text: str, symptom: str = "", *, when: tuple[tuple[Check, ...], ...] = (), hint: str = "") -> Item:
    return Item(key=key, answer=Answer.ONE, text=text, hint=hint, options=yes_no(symptom), when=when)


HEART_FAILURE: Final = Form(
    key="heart_failure_daily", version=1, title="Your heart diary", conditions=("heart_failure",), facts=(STEADY,),
    items=(
        _FEEL,
        Item(
            key="weight", answer=Answer.NUMBER, text="What do you weigh this morning?", low=Decimal(20), high=Decimal(400),
            places=2, kind="body_weight", required=False, tell_once=True, seconds=10,
            hint="After the toilet, before breakfast. Leave this out if your scale sends it.",
        ),
        _asked("at_rest", "Are you short of breath when you sit still?", "breathless_at_rest"),
        _asked("gasping", "Did you wake up in the night gasping for air?", "waking_gasping"),
        Item(
            key="pillows", answer=Answer.ONE, text="How many pillows did you need last night?", when=_IN_FULL,
            options=(
                Option("usual", "My usual number"), Option("one_more", "One more"),
                Option("two_more", "Two more, or I slept in a chair", symptom="two_more_pillows"),
            ),
        ),
        _asked("effort", "Are you more short of breath than usual when you move about?", "breathless_on_effort_worse",
               when=_IN_FULL),
        _asked("ankles", "Are your ankles or legs more swollen than usual?", "ankle_swelling_worse", when=_IN_FULL),
        _asked("belly", "Is your belly more swollen than usual?", "belly_swelling_worse", when=_IN_FULL),
        _asked("tired", "Are you more tired than usual?", "more_tired", when=_IN_FULL),
        _asked("dizzy", "Do you feel dizzy when you stand up?", "dizziness", when=_IN_FULL),
        _asked("froth", "Do you cough up pink froth?", "pink_frothy_sputum", when=is_code("at_rest", "yes")),
        _asked("else", "Is there something else that makes you feel worse?", "feel_worse", when=(_WORSE,)),
    ),
)  # fmt: skip

_MAJOR: Final = (*_IN_FULL, *is_code("breathless", "yes"), *is_code("sputum", "yes"), *is_code("colour", "yes"))

COPD: Final = Form(
    key="copd_daily", version=1, title="Your breathing diary", conditions=("copd",), facts=(STEADY,),
    items=(
        _FEEL,
        _asked("breathless", "Are you more short of breath than usual?", "breathless_worse"),
        _asked("sputum", "Do you cough up more phlegm than usual?", "sputum_more"),
        _asked("colour", "Has your phlegm changed colour?", "sputum_colour_change"),
        _asked("cough", "Do you cough more than usual?", "cough_worse", when=_MAJOR),
        _asked("wheeze", "Do you wheeze more than usual?", "wheeze_worse", when=_MAJOR),
        _asked("cold", "Have you had a cold in the last 5 days?", "cold_symptoms", when=_MAJOR),
        _asked("fever", "Do you feel hot, or shiver?", "fever", when=_MAJOR),
        Item(
            key="temperature", answer=Answer.NUMBER, text="What is your temperature?", low=Decimal("30.0"),
            high=Decimal("43.0"), places=1, kind="body_temperature", required=False, seconds=30, when=is_code("fever", "yes"),
            hint="Leave this out if you have no thermometer.",
        ),
        Item(
            key="vas", answer=Answer.NUMBER, text="How short of breath are you now, from 0 to 10?", low=Decimal(0),
            high=Decimal(10), kind="dyspnoea_vas", when=is_code("breathless", "yes"),
            hint="0 is not at all. 10 is as bad as it can be.",
        ),
        Item(
            key="puffs", answer=Answer.NUMBER, text="How many puffs of your blue inhaler did you take since yesterday?",
            low=Decimal(0), high=Decimal(200), kind="reliever_puffs", seconds=6, when=_IN_FULL,
        ),
        _asked("rescue_started", "Have you started your rescue pack?", when=is_code("colour", "yes")),
        _asked("else", "Is there something else that makes you feel worse?", "feel_worse", when=(_WORSE,)),
    ),
    scores=(
        Score(key="majors", method=Method.COUNT, items=("breathless", "sputum", "colour")),
        Score(key="minors", method=Method.COUNT, items=("cough", "wheeze", "cold", "fever")),
        Score(key="anthonisen_type", method=Method.ANTHONISEN, items=("majors", "minors")),
    ),
)  # fmt: skip


def _how_much(key: str, text: str) -> Item:
    return Item(key=key, answer=Answer.ONE, text=text, options=(
        Option("none", "Not at all", points=Decimal(0)), Option("little", "A little", points=Decimal(1)),
        Option("lot", "A lot", points=Decimal(2)), Option("all_day", "Most of the day", points=Decimal(3)),
    ))  # fmt: skip


def _blow(key: str, text: str, after_s: int) -> Item:
    return Item(
        key=key, answer=Answer.NUMBER, text=text, low=Decimal(30), high=Decimal(900), kind="peak_flow", required=False,
        after_s=after_s, seconds=15,
    )  # fmt: skip


ASTHMA: Final = Form(
    key="asthma_daily", version=1, title="Your asthma diary", conditions=("asthma",),
    items=(
        _blow("blow_1", "Peak flow: what did your first blow show?", 0),
        _blow("blow_2", "And your second blow?", 30),
        _blow("blow_3", "And your third blow?", 60),
        _how_much("cough", "Did you cough in the last day?"),
        _how_much("wheeze", "Did you wheeze, or did your chest feel tight?"),
        _how_much("limits", "Did your asthma stop you from doing things?"),
        Item(
            key="night", answer=Answer.ONE, text="How was your night?", kind="night_symptom_score",
            options=(
                Option("well", "I slept well", points=Decimal(0)),
                Option("early", "Asthma woke me early", points=Decimal(1)),
                Option("once", "Asthma woke me once", points=Decimal(2)),
                Option("often", "Asthma woke me more than once", points=Decimal(3)),
                Option("awake", "Asthma kept me awake", points=Decimal(4)),
            ),
        ),
        Item(
            key="puffs", answer=Answer.NUMBER, text="How many puffs of your blue inhaler did you take since yesterday?",
            low=Decimal(0), high=Decimal(200), kind="reliever_puffs", seconds=6,
        ),
        _asked("again", "Did you need it again within 4 hours?", "reliever_needed_again",
               when=((Check("puffs", "at_least", value=Decimal(2)),),)),
        _asked("no_relief", "Did you take 10 puffs and feel no better?", "reliever_no_relief",
               when=((Check("puffs", "at_least", value=Decimal(10)),),)),
        _asked("else", "Do you feel worse in some other way?", "feel_worse"),
    ),
    scores=(Score(key="day", method=Method.SUM, items=("cough", "wheeze", "limits"), kind="day_symptom_score"),),
)  # fmt: skip

_SHOOK: Final = is_code("shaking", "yes")
_LONGEST: Final = Decimal(1440)

SEIZURE: Final = Form(
    key="seizure", version=1, title="A seizure", conditions=("epilepsy",),
    items=(
        _asked("going_on", "Is it still going on?", "seizure_now", hint="If it has lasted 5 minutes, ring 999 now."),
        _asked("shaking", "Did the whole body shake?"),
        Item(
            key="minutes", answer=Answer.NUMBER, text="How many minutes did it last?", low=Decimal(0), high=_LONGEST, places=2,
            kind="seizure_duration", unit="min", when=_SHOOK, seconds=10, hint="Half a minute is 0.5.",
        ),
        Item(
            key="other_minutes", answer=Answer.NUMBER, text="How many minutes did it last?", low=Decimal(0), high=_LONGEST,
            places=2, kind="other_seizure_duration", unit="min", when=is_code("shaking", "no"), seconds=10,
            hint="Half a minute is 0.5.",
        ),
        _asked("first", "Was it the first seizure ever?", "first_seizure"),
        _asked("again", "Did another one start before the person had come round?", "seizure_before_recovery"),
        Item(
            key="recovery", answer=Answer.ONE, text="Is the person back to how they usually are?",
            options=(
                Option("yes", "Yes"), Option("soon", "Nearly, still sleepy"), Option("no", "No", symptom="fainted_not_recovered"),
            ),
        ),
        Item(
            key="harm", answer=Answer.SOME, text="Did something go wrong?", required=False, hint="Choose all that are true.",
            options=(
                Option("head", "Hurt the head", symptom="seizure_head_injury"),
                Option("hurt", "Hurt somewhere else", symptom="seizure_injury"),
                Option("water", "It was in water", symptom="seizure_in_water"),
                Option("breath", "Hard to breathe afterwards", symptom="seizure_breathing_problem"),
            ),
        ),
        Item(
            key="has_rescue", answer=Answer.ONE, text="Is rescue medicine kept for a seizure?", options=yes_no(), tell_once=True,
        ),
        _asked("rescue", "Was the rescue medicine given?", "rescue_medicine_given", when=is_code("has_rescue", "yes")),
        _asked("rescue_worked", "Did it stop the seizure within 5 minutes?", when=is_code("rescue", "yes")),
    ),
)  # fmt: skip

HYPO: Final = Form(
    key="hypo", version=1, title="A low sugar", conditions=("diabetes_type_1", "diabetes_type_2"),
    items=(
        Item(
            key="glucose", answer=Answer.NUMBER, text="What did your meter show?", low=Decimal("0.6"), high=Decimal(50), places=1,
            kind="glucose_capillary", required=False, seconds=10, hint="Leave this out if you did not test.",
        ),
        _asked("helped", "Did somebody else have to help you?", "hypo_helped"),
        _asked("passed_out", "Did you pass out or have a fit?", "hypo_unconscious"),
        Item(
            key="treated", answer=Answer.ONE, text="Have you had fast sugar?",
            options=(Option("yes", "Yes"), Option("no", "Not yet"), Option("cannot", "I cannot swallow", symptom="feel_worse")),
        ),
        Item(
            key="glucose_after", answer=Answer.NUMBER, text="What did your meter show 15 minutes later?", low=Decimal("0.6"),
            high=Decimal(50), places=1, kind="glucose_capillary", required=False, after_s=900, seconds=10,
            when=is_code("treated", "yes"), hint="Leave this out if you have not tested again.",
        ),
        Item(
            key="why", answer=Answer.SOME, text="What may have caused it?", required=False, hint="Choose all that fit.",
            options=(
                Option("food", "A late or small meal"), Option("exercise", "Exercise"), Option("insulin", "Too much insulin"),
                Option("alcohol", "Alcohol"), Option("unknown", "I do not know"),
            ),
        ),
    ),
)  # fmt: skip


def _stools(key: str, text: str, kind: str) -> Item:
    return Item(key=key, answer=Answer.NUMBER, text=text, low=Decimal(0), high=Decimal(60), kind=kind, seconds=6)


COLITIS: Final = Form(
    key="pro2_uc", version=1, title="Your colitis diary", conditions=("ulcerative_colitis",),
    items=(
        Item(
            key="frequency", answer=Answer.ONE, text="How often did you open your bowels in the last day?",
            kind="stool_frequency_score",
            options=(
                Option("usual", "My usual number", points=Decimal(0)), Option("1_2", "1 or 2 more", points=Decimal(1)),
                Option("3_4", "3 or 4 more", points=Decimal(2)), Option("5", "5 or more", points=Decimal(3)),
            ),
            hint="Your usual is how it is when you are well.",
        ),
        Item(
            key="bleeding", answer=Answer.ONE, text="Did you see blood?", kind="rectal_bleeding_score",
            options=(
                Option("none", "No", points=Decimal(0)), Option("streaks", "A little, less than half the time", points=Decimal(1)),
                Option("clear", "Clearly, most of the time", points=Decimal(2)),
                Option("only", "Only blood came", points=Decimal(3)),
            ),
        ),
        Item(
            key="bloody", answer=Answer.NUMBER, text="How many times did you see blood?", low=Decimal(0), high=Decimal(60),
            kind="bloody_stools", seconds=6, when=((Check("bleeding", "is_not", "none"),),),
        ),
        _asked("fever", "Do you feel hot, or shiver?", "fever"),
        _asked("else", "Do you feel worse in some other way?", "feel_worse"),
    ),
    scores=(Score(key="pro2", method=Method.SUM, items=("frequency", "bleeding")),),
)  # fmt: skip

CROHN: Final = Form(
    key="pro2_crohn", version=1, title="Your Crohn's diary", conditions=("crohns_disease",),
    items=(
        _stools("liquid", "How many loose or runny stools did you have in the last day?", "liquid_stools"),
        Item(
            key="pain", answer=Answer.ONE, text="How was your tummy pain?", kind="abdominal_pain_score",
            options=(
                Option("none", "No pain", points=Decimal(0)), Option("mild", "Mild", points=Decimal(1)),
                Option("moderate", "Moderate", points=Decimal(2)), Option("severe", "Severe", points=Decimal(3)),
            ),
        ),
        _asked("blood", "Did you see blood?"),
        Item(
            key="bloody", answer=Answer.NUMBER, text="How many times did you see blood?", low=Decimal(0), high=Decimal(60),
            kind="bloody_stools", seconds=6, when=is_code("blood", "yes"),
        ),
        _asked("fever", "Do you feel hot, or shiver?", "fever"),
        _asked("else", "Do you feel worse in some other way?", "feel_worse"),
    ),
    # The published weights of a daily PRO2 for Crohn's disease: 2 for each loose stool, 5 for each step of pain.
    scores=(Score(key="pro2", method=Method.WEIGHTED, items=("liquid", "pain"), weights=(Decimal(2), Decimal(5))),),
)  # fmt: skip

DIARIES: Final = (HEART_FAILURE, COPD, ASTHMA, SEIZURE, HYPO, COLITIS, CROHN)
