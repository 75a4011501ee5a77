"""Every error this project raises, grouped by what the caller does next.

    JwtSessionError
    ├── TokenRefused              the token is of no use: refresh, or sign in again
    │   ├── MissingToken            jwt:missing_token
    │   ├── InvalidHeader           jwt:invalid_header
    │   ├── MalformedToken          jwt:malformed_token
    │   ├── DeserializationFailed   jwt:deserialization_failed
    │   ├── InvalidSignature        jwt:invalid_signature
    │   ├── AlgorithmMismatch       jwt:algorithm_mismatch
    │   ├── TokenExpired            jwt:expired
    │   ├── NotYetValid             jwt:not_yet_valid
    │   ├── InvalidIssuer           jwt:invalid_issuer
    │   ├── InvalidAudience         jwt:invalid_audience
    │   └── AudienceMismatch        auth:aud_mismatch
    ├── SessionRefused            the token is ours, the session says no
    │   ├── AccessMissing           auth:access_missing
    │   ├── RefreshMissing          auth:refresh_missing
    │   ├── SessionNotFound         auth:session_not_found
    │   ├── AccessSuperseded        auth:access_superseded
    │   ├── RefreshReused           auth:refresh_reused
    │   ├── RefreshForged           auth:refresh_forged
    │   └── WriteLost               auth:write_lost
    ├── RequestRefused            the request cannot be read: mend the client
    │   ├── MalformedBody           request:malformed_body
    │   ├── BodyTooLarge            request:body_too_large
    │   ├── AmbiguousCredentials    request:ambiguous_credentials
    │   └── CrossSiteRequest        request:cross_site
    ├── InputInvalid              the application passed something out of bounds
    │   ├── InvalidUserId           input:user_id
    │   ├── InvalidSessionId        input:session_id
    │   ├── InvalidMetadata         input:metadata
    │   └── InvalidClaims           input:claims
    ├── MintingFailed             no token could be made
    │   ├── SigningFailed           jwt:signing_failed
    │   └── SerializationFailed     jwt:serialization_failed
    ├── ConfigInvalid             config:invalid
    └── StoreError                what a session store may raise, and nothing else
        ├── StoreUnavailable        store:unavailable   keep the tokens, try again
        └── SessionExists           store:session_exists

One cause, one code: ``code`` is the stable name, the same in an answer over HTTP, in an
event and in ``errors.toml`` of the specification, which also gives the HTTP status and
what a client does next. Messages are for people and say no more than the code: never a
token, a key, a secret or a value that came from outside.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AccessMissing",
    "AccessSuperseded",
    "AlgorithmMismatch",
    "AmbiguousCredentials",
    "AudienceMismatch",
    "BodyTooLarge",
    "ConfigInvalid",
    "CrossSiteRequest",
    "DeserializationFailed",
    "InputInvalid",
    "InvalidAudience",
    "InvalidClaims",
    "InvalidHeader",
    "InvalidIssuer",
    "InvalidMetadata",
    "InvalidSessionId",
    "InvalidSignature",
    "InvalidUserId",
    "JwtSessionError",
    "MalformedBody",
    "MalformedToken",
    "MintingFailed",
    "MissingToken",
    "NotYetValid",
    "RefreshForged",
    "RefreshMissing",
    "RefreshReused",
    "RequestRefused",
    "SerializationFailed",
    "SessionExists",
    "SessionNotFound",
    "SessionRefused",
    "SigningFailed",
    "StoreError",
    "StoreUnavailable",
    "TokenExpired",
    "TokenRefused",
    "WriteLost",
]


class JwtSessionError(Exception):
    """The root of the tree: catch it to catch everything this project raises on purpose.

    Attributes:
        code: The stable name of the cause, ``area:cause``.
        message: What to tell a person when the raiser says nothing more precise.
    """

    code: ClassVar[str] = "jwtsession:error"
    message: ClassVar[str] = "the operation failed"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(self.message if message is None else message)


class TokenRefused(JwtSessionError):
    """The token itself was refused; nothing was asked of a store."""


class MissingToken(TokenRefused):
    code = "jwt:missing_token"
    message = "no token was presented"


class InvalidHeader(TokenRefused):
    code = "jwt:invalid_header"
    message = "the token's header cannot be accepted"


class MalformedToken(TokenRefused):
    code = "jwt:malformed_token"
    message = "this is not a token in compact form"


class DeserializationFailed(TokenRefused):
    code = "jwt:deserialization_failed"
    message = "the token's payload does not have the expected form"


class InvalidSignature(TokenRefused):
    code = "jwt:invalid_signature"
    message = "the token's signature is not valid"


class AlgorithmMismatch(TokenRefused):
    code = "jwt:algorithm_mismatch"
    message = "the token names another algorithm than its key"


class TokenExpired(TokenRefused):
    code = "jwt:expired"
    message = "the token has expired"


class NotYetValid(TokenRefused):
    code = "jwt:not_yet_valid"
    message = "the token is not valid yet"


class InvalidIssuer(TokenRefused):
    code = "jwt:invalid_issuer"
    message = "the token was issued by somebody else"


class InvalidAudience(TokenRefused):
    code = "jwt:invalid_audience"
    message = "the token is meant for somebody else"


class AudienceMismatch(TokenRefused):
    """An access token where a refresh token belongs, or the reverse (RFC 8725 §3.12)."""

    code = "auth:aud_mismatch"
    message = "the token is of the other kind"


class SessionRefused(JwtSessionError):
    """The request was understood, and the state of the session refuses it."""


class AccessMissing(SessionRefused):
    code = "auth:access_missing"
    message = "no access token was presented"


class RefreshMissing(SessionRefused):
    code = "auth:refresh_missing"
    message = "no refresh token was presented"


class SessionNotFound(SessionRefused):
    code = "auth:session_not_found"
    message = "there is no such session"


class AccessSuperseded(SessionRefused):
    """Raised only where ``bind_access_to_generation`` is on."""

    code = "auth:access_superseded"
    message = "the session has moved on from this access token"


class RefreshReused(SessionRefused):
    code = "auth:refresh_reused"
    message = "this refresh token was used before"


class RefreshForged(SessionRefused):
    """Signed by us, yet never a token of this session: a signing key has leaked."""

    code = "auth:refresh_forged"
    message = "this refresh token was never issued"


class WriteLost(SessionRefused):
    """The store lost an acknowledged write, and ``on_lost_write`` is ``"end"``."""

    code = "auth:write_lost"
    message = "the session was ended because its state was lost"


class RequestRefused(JwtSessionError):
    """The request cannot be read as it stands."""


class MalformedBody(RequestRefused):
    code = "request:malformed_body"
    message = "the request body is not what its content type says"


class BodyTooLarge(RequestRefused):
    code = "request:body_too_large"
    message = "the request body is too large to look for a token in"


class AmbiguousCredentials(RequestRefused):
    """More than one credential where one belongs (RFC 6750 §2)."""

    code = "request:ambiguous_credentials"
    message = "the request carries more than one token in one place"


class CrossSiteRequest(RequestRefused):
    code = "request:cross_site"
    message = "a request from another site cannot use this cookie"


class InputInvalid(JwtSessionError, ValueError):
    """The application passed a value outside the documented bounds; nothing was done."""


class InvalidUserId(InputInvalid):
    code = "input:user_id"
    message = "a user id is 1 to 255 code points, without NUL or lone surrogates"


class InvalidSessionId(InputInvalid):
    code = "input:session_id"
    message = "a session id is a canonical upper-case ULID"


class InvalidMetadata(InputInvalid):
    code = "input:metadata"
    message = "meta, data and seen are JSON objects of bounded size"


class InvalidClaims(InputInvalid):
    code = "input:claims"
    message = "extra claims are a JSON object that sets no registered claim"


class MintingFailed(JwtSessionError):
    """A token could not be made; no session was changed by this failure alone."""


class SigningFailed(MintingFailed):
    code = "jwt:signing_failed"
    message = "the token could not be signed"


class SerializationFailed(MintingFailed):
    code = "jwt:serialization_failed"
    message = "the payload cannot be written as JSON"


class ConfigInvalid(JwtSessionError, ValueError):
    """The configuration cannot be used; the message lists everything wrong with it."""

    code = "config:invalid"
    message = "the configuration cannot be used"


class StoreError(JwtSessionError):
    """What a session store may raise besides a programming error."""


class StoreUnavailable(StoreError):
    """The store did not answer, so **the effect of the call is unknown**.

    A store raises this, with the driver's error as its ``__cause__``, for every
    connection error, time-out, lock time-out, full disk and read-only medium. It is
    answered as 503 and never as 401: a client that is told 401 throws its tokens away.
    """

    code = "store:unavailable"
    message = "the session store did not answer; keep the tokens and try again"


class SessionExists(StoreError):
    """``insert`` was given the key of a live session. Nothing was changed."""

    code = "store:session_exists"
    message = "a live session has this key already"
