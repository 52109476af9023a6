"""Questionnaires as data, their branches, answers and scores."""
