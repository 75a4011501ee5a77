"""The checks of a session store, an area to a file.

Each is an attack story: a sanity step, the attack, the refusal, and then the state of
everything afterwards. A file is found by being here; a check is a function with a
decorator. None is ever stricter than `jwtsession.protocols`.
"""
