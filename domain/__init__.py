"""The rules of care. Pure: no await, no clock, no network, no SQL."""
