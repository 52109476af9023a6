"""Looking without a permission because a life may depend on it: short, reasoned, told, answered for."""
