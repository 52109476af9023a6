"""Text messages as a full channel (F15): the same door, the same judgement, the answer by text."""
