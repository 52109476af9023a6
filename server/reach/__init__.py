"""How somebody is reached: their channels, their quiet hours, and what providers say of a message later."""
