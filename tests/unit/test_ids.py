"""Identifiers and secrets."""

from __future__ import annotations

import base64

import pytest
from ulid import ULID

from jwtsession import ids
from jwtsession.errors import InvalidSessionId, InvalidUserId

NOW = 1_900_000_000


@pytest.mark.parametrize("now", [0, 1, NOW, 2**48 // 1000, 2**53 - 1])
def test_a_new_session_id_is_canonical(now: int) -> None:
    """Whatever the time, even beyond what a ULID can say, the id is a canonical ULID."""
    made = ids.new_session_id(now)
    assert ids.is_session_id(made)
    assert str(ULID.from_str(made)) == made


def test_a_session_id_carries_the_time_of_sign_in() -> None:
    """The time is the one given, and the ids of later sign-ins sort later."""
    assert ULID.from_str(ids.new_session_id(NOW)).milliseconds == NOW * 1000
    assert ids.new_session_id(NOW) < ids.new_session_id(NOW + 1)


def test_no_two_are_alike() -> None:
    """Ids, token ids and secrets of one second all differ."""
    for draw in (lambda: ids.new_session_id(NOW), ids.new_secret, ids.new_token_id):
        assert len({draw() for _ in range(1000)}) == 1000


def test_a_secret_has_256_bits() -> None:
    """A session secret is 32 bytes."""
    assert len(ids.new_secret()) == ids.SECRET_BYTES == 32


def test_a_token_id_has_128_bits_in_base64url() -> None:
    """It decodes to 16 bytes and has no padding."""
    made = ids.new_token_id()
    assert len(base64.urlsafe_b64decode(made + "==")) == 16
    assert made.isascii()
    assert "=" not in made


SID = "01J8ZQ4W3X5Y7A9BCDEFGHJKMN"


@pytest.mark.parametrize(
    "bad",
    [
        None,
        b"01J8ZQ4W3X5Y7A9BCDEFGHJKMN",
        1,
        "",
        SID.lower(),
        SID[:-1],
        SID + "0",
        SID[:-1] + "I",
        SID[:-1] + "L",
        SID[:-1] + "O",
        SID[:-1] + "U",
        "8" + SID[1:],
        SID + "\n",
        SID[:-1] + "\n",
        " " + SID,
        SID[:-1] + "\uff11",
        SID[:-1] + "\u0661",
        "\ud800" + SID[1:],
        SID[:-1] + "\0",
        SID * 1000,
        [SID],
    ],
    ids=ascii,
)
def test_what_is_no_session_id(bad: object) -> None:
    """Anything but 26 canonical characters is refused, and the message says what one is."""
    assert not ids.is_session_id(bad)
    with pytest.raises(InvalidSessionId, match="canonical upper-case ULID"):
        ids.check_session_id(bad)


@pytest.mark.parametrize("good", [SID, "0" * 26, "7" + "Z" * 25])
def test_what_is_a_session_id(good: str) -> None:
    """The smallest, the largest and one between come back as they are."""
    assert ids.check_session_id(good) is good


@pytest.mark.parametrize(
    "bad",
    [
        None,
        b"user",
        1,
        True,
        [],
        ["user"],
        "",
        "a" * 256,
        "\U0001f600" * 256,
        "a" * 100_000,
        "\0",
        "user\0",
        "\ud800",
        "user\udfff",
        "\ude00\ud83d",
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_what_is_no_user_id(bad: object) -> None:
    """Anything out of bounds is refused; the message shows the bounds, not the value."""
    assert not ids.is_user_id(bad)
    with pytest.raises(InvalidUserId, match="1 to 255 code points") as caught:
        ids.check_user_id(bad)
    assert str(caught.value) == InvalidUserId.message


@pytest.mark.parametrize(
    "good",
    [
        "u",
        "a" * 255,
        "\U0001f600" * 255,
        " ",
        "user 1\n",
        "\x01",
        "Ame\u0301lie",
        "\ufffe",
        "\ue000",
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_what_is_a_user_id(good: str) -> None:
    """Every code point but NUL and surrogates is allowed, and nothing is trimmed."""
    assert ids.check_user_id(good) is good
