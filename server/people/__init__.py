"""Organisations, teams, staff, patients, devices, vendor clients and grants."""
