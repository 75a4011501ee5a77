"""``make serve``: the example in two worker processes, with a secret of its own."""

import os
import secrets

import uvicorn


def main() -> None:
    """Serve until interrupted."""
    if not {"JWTSESSION_SIGNING_SECRET", "JWTSESSION_KEYS"} & os.environ.keys():
        # A new one each time: whoever was signed in before has to sign in again.
        os.environ["JWTSESSION_SIGNING_SECRET"] = secrets.token_urlsafe(48)
    port = int(os.environ.get("PORT", "8000"))
    print(f"Open http://127.0.0.1:{port}/ and follow what it says. Ctrl-C ends it.")
    uvicorn.run(
        "examples.app.main:create_app",
        factory=True,
        host="127.0.0.1",
        port=port,
        workers=2,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
