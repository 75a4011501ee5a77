"""Parts of `jwtsession.asgi` and `jwtsession.fastapi`: one request and its answer."""
