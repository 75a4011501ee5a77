"""Explore the law: every reachable state of several bounded worlds, by the real stepper.

The walk drives `jwtsession.lifecycle`, the code that serves requests, over a small abstract
store, and judges the invariants at every step. ``worlds`` says who is in which world,
``invariants`` what must hold there, ``faults`` which wrong decisions the walk is known to
catch. From ``tests/support``::

    python -m exploration             the tables
    python -m exploration --faults    and the shortest trace of every deliberate fault
    python -m exploration --deep      and the larger worlds, for a change to the law
"""
