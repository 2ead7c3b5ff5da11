"""Signing a verdict with an Ed25519 key, and looking whose a signature is. Keys are never part of a message."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from evalgate.errors import ConfigurationError
from evalgate.gate.release.verdict import Body, Signature, VerdictFile, body_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_PURPOSE: Final = b"evalgate release verdict 1\n"
"""Before what is signed: a signature of anything else by the same key is none of a verdict."""
_MAKE: Final = "make one: openssl genpkey -algorithm ed25519 -out release.pem"

Sign = Callable[[Body], VerdictFile]


def unsigned(body: Body) -> VerdictFile:
    """Return a file that nobody signed."""
    return VerdictFile(body=body, signature=None)


def signer(key: bytes, *, named: str) -> Sign:
    """Return what signs with a private key, PEM or OpenSSH's form. `named` is where it comes from.

    Raises ConfigurationError for what is no Ed25519 key, or needs a password.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in key else load_pem_private_key
    try:
        private = load(key.strip() + b"\n", password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigurationError(
            f"{named} holds no private key that can be read without a password (PEM or OpenSSH)", next_step=_MAKE
        ) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigurationError(f"the key in {named} is not Ed25519", next_step=_MAKE)
    public = _key_id(private.public_key())

    def sign(body: Body) -> VerdictFile:
        value = base64.b64encode(private.sign(_PURPOSE + body_bytes(body))).decode()
        return VerdictFile(body=body, signature=Signature(algorithm="ed25519", key=public, value=value))

    return sign


def public_key(key: bytes, *, named: str) -> Ed25519PublicKey:
    """Return a public key, PEM or as `ssh-ed25519 …`. Raises ConfigurationError for anything else."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key, load_ssh_public_key

    load = load_ssh_public_key if key.lstrip().startswith(b"ssh-") else load_pem_public_key
    try:
        public = load(key.strip())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigurationError(
            f"{named} holds no public key (PEM, or a line of OpenSSH)",
            next_step="openssl pkey -in release.pem -pubout -out release.pub",
        ) from None
    if not isinstance(public, Ed25519PublicKey):
        raise ConfigurationError(f"the key in {named} is not Ed25519", next_step=_MAKE)
    return public


def is_signed_by(file: VerdictFile, public: Ed25519PublicKey) -> bool:
    """Return whether this key signed what the file says."""
    from cryptography.exceptions import InvalidSignature

    if file.signature is None or file.signature.key != _key_id(public):
        return False
    try:
        public.verify(base64.b64decode(file.signature.value), _PURPOSE + body_bytes(file.body))
    except InvalidSignature:
        return False
    return True


def _key_id(public: Ed25519PublicKey) -> str:
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()
