"""Forms that no vendor owns: signed tokens, keys of encryption, and hashes of passwords."""

from telemetry.scrubbing.kinds.kind import kind
from telemetry.scrubbing.kinds.sources import CRYPT, PHC

KINDS = (
    # Its signature may be empty.
    kind("JSON Web Token", "signed token", "eyJ", "base64url{8,16384} . base64url{8,65536} . base64url{0,8192}",
         "https://www.rfc-editor.org/rfc/rfc7519"),
    kind("JSON Web Token", "encrypted token", "eyJ",
         "base64url{8,16384} . base64url{0,8192} . base64url{8,64} . base64url{8,65536} . base64url{16,64}",
         "https://www.rfc-editor.org/rfc/rfc7516"),
    kind("PASETO", "token", "v2.local. v3.local. v4.local. v2.public. v3.public. v4.public.", "dotted{40,8192}",
         "https://github.com/paseto-standard/paseto-spec"),
    kind("Biscuit", "token", "biscuit:", "padded{60,8192}", "https://doc.biscuitsec.org/reference/specifications"),
    kind("age", "secret key", "AGE-SECRET-KEY-1 AGE-SECRET-KEY-PQ-1", "upper{50,200}",
         "https://age-encryption.org/v1"),
    kind("Bitcoin", "extended private key", "xprv yprv zprv tprv", "alnum{100,112}",
         "https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki"),
    kind("Nostr", "private key", "nsec1", "lower{58}", "https://github.com/nostr-protocol/nips/blob/master/19.md"),
    kind("Password hash", "bcrypt", "$2a$ $2b$ $2x$ $2y$", "digits{2} $ crypt{53}", CRYPT),
    kind("Password hash", "argon2", "$argon2id$ $argon2i$ $argon2d$", "phc{30,512}", PHC),
    kind("Password hash", "scrypt", "$scrypt$ $7$", "phc{30,512}", PHC),
    kind("Password hash", "yescrypt", "$y$ $gy$", "phc{40,512}", CRYPT),
    kind("Password hash", "SHA-crypt", "$6$ $5$", "phc{44,128}", CRYPT),
    kind("Password hash", "MD5-crypt", "$1$ $apr1$", "crypt{1,8} $ crypt{22}", CRYPT),
    kind("Password hash", "phpass", "$P$ $H$", "crypt{31}",
         "https://pythonhosted.org/passlib/lib/passlib.hash.phpass.html"),
    kind("Password hash", "PBKDF2", "pbkdf2_sha256$ pbkdf2_sha1$ pbkdf2:sha256: $pbkdf2-sha256$ $pbkdf2-sha512$",
         "phc{40,512}", "https://docs.djangoproject.com/en/stable/topics/auth/passwords/"),
    kind("Password hash", "scrypt of Werkzeug", "scrypt:32768:8:1$", "phc{40,512}",
         "https://werkzeug.palletsprojects.com/en/stable/utils/#werkzeug.security.generate_password_hash"),
    kind("Password hash", "LDAP", "{SSHA} {SHA} {SSHA256} {SSHA512} {CRYPT}", "phc{20,200}",
         "https://www.openldap.org/doc/admin26/security.html#Password%20Storage"),
)  # fmt: skip
