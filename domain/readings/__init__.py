"""Readings: kinds, units, quality."""
