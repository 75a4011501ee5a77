"""``python -m jwtsession_conformance`` is the command line."""

from __future__ import annotations

import sys

from jwtsession_conformance.cli import main

if __name__ == "__main__":
    sys.exit(main())
