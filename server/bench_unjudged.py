"""`steady serve` with no rule in it, for the bench alone: what is left when it is taken off ours is what judging costs."""

import argparse
from collections.abc import Sequence

from domain.detection import engine
from domain.detection.judgement import Judgement
from domain.detection.picture import View
from domain.readings.reading import Reading
from server.serve import main
from server.settings import read


def _nothing(view: View, what: engine.Affected) -> list[Judgement]:  # noqa: ARG001 - as the engine has it
    return []


def _nowhere(view: View, changed: Sequence[Reading]) -> engine.Affected:  # noqa: ARG001 - as the engine has it
    return engine.Affected(view)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    engine.judge = _nothing
    engine.affected = _nowhere
    raise SystemExit(main(read(), parser.parse_args().fd))
