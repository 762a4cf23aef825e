"""E-mail addresses and telephone numbers as people type them.

A wrong personal address hands somebody's password to a stranger, so what looks like a slip is a problem and not a guess.
"""

import re

from email_validator import EmailNotValidError, validate_email

from config.vocabulary import EmailAddress
from intake.typed_text import FORMULA_STARTS, Wrong, clean, quoted

LONGEST_ADDRESS = 254

_PROVIDERS = ("gmail.com", "hotmail.com", "outlook.com", "yahoo.com", "icloud.com")
_REAL_NEIGHBOURS = frozenset({"gmail.com", "hotmail.com", "outlook.com", "yahoo.com", "icloud.com", "ymail.com"})
"""Domains one letter away from a great provider that are somebody's own in good faith."""
_ONLY_COM = ("gmail", "hotmail", "outlook", "icloud")
_NO_SUCH_ENDING = frozenset({"con", "cmo", "ocm", "cpm", "vom", "xom", "comm", "coom", "clm", "cim", "som", "cop", "c0m"})
"""Slips of ".com" that are no top-level domain (data.iana.org/TLD/tlds-alpha-by-domain.txt)."""

_OWN_COUNTRIES = frozenset(
    {"es", "fr", "it", "de", "be", "dk", "se", "nl", "com.ar", "com.br", "com.pe", "com.tr", "co.uk", "cl"}
)
"""Where Hotmail and Outlook do have a domain of their own."""

_SEPARATORS = re.compile(r"[,;/]| y ")
_MOBILE = re.compile(r"3[0-9]{9}")
_LANDLINE = re.compile(r"60[1-8][0-9]{7}")

_HOW = "Escríbala completa y sin espacios; por ejemplo: nombre.apellido@gmail.com."


def read_address(text: str, *, own_domains: tuple[str, ...] = ()) -> EmailAddress | Wrong:
    """One address, its domain in small letters and the rest as typed. Its syntax is checked, nothing is looked up.

    `own_domains` are taken as they are: an institution may use a name that is not of the public internet.
    """
    typed = clean(text)
    if len(typed) > LONGEST_ADDRESS:
        return Wrong(f"Tiene más de {LONGEST_ADDRESS} caracteres. {_HOW}")
    if typed.count("@") > 1 or ("@" in typed and _SEPARATORS.search(typed)):
        return Wrong(f"Hay más de una dirección en {quoted(typed)}: escriba una sola. {_HOW}")
    if odd := next((character for character in typed if not character.isascii()), None):
        return Wrong(
            f"{quoted(typed)} tiene «{odd}»: las direcciones no llevan tildes, eñes ni letras de otros alfabetos. {_HOW}"
        )
    local, at, domain = typed.partition("@")
    domain = domain.lower()
    if not at or local.startswith(FORMULA_STARTS) or "xn--" in domain:
        return Wrong(f"{quoted(typed)} no es una dirección de correo. {_HOW}")
    try:
        # A reserved name (.test, .local) is refused by the validator; for the institution's own only the rest is checked.
        validate_email(
            f"{local}@{'example.com' if domain in own_domains else domain}", check_deliverability=False, allow_smtputf8=False
        )
    except EmailNotValidError:
        return Wrong(f"{quoted(typed)} no es una dirección de correo. {_HOW}")
    return EmailAddress(f"{local}@{domain}")


def read_personal_address(text: str, *, own_domains: tuple[str, ...]) -> EmailAddress | Wrong:
    """An address outside the institution, since access data goes there before the institutional mailbox can be opened."""
    address = read_address(text, own_domains=own_domains)
    if isinstance(address, Wrong):
        return address
    domain = domain_of(address)
    if any(domain == own or domain.endswith(f".{own}") for own in own_domains):
        return Wrong(
            f"{quoted(address)} es una dirección de la institución: a ese buzón todavía no se puede entrar. "
            "Escriba un correo personal; por ejemplo: nombre.apellido@gmail.com."
        )
    if meant := probably_meant(domain):
        return Wrong(
            f"El dominio de {quoted(address)} parece mal escrito: ¿quiso decir «{meant}»? "
            "Revíselo letra por letra, porque a esa dirección llegarán los datos de acceso."
        )
    return address


def read_institutional_address(text: str, *, own_domains: tuple[str, ...]) -> EmailAddress | Wrong:
    """An address of the institution: a supervisor or an owner is found in the directory by it."""
    address = read_address(text, own_domains=own_domains)
    if isinstance(address, Wrong):
        return address
    if domain_of(address) not in own_domains:
        return Wrong(
            f"{quoted(address)} no es una dirección de la institución. "
            f"Escriba el correo institucional; por ejemplo: nombre.apellido@{own_domains[0]}."
        )
    return address


def domain_of(address: EmailAddress) -> str:
    """What follows the at sign."""
    return address.rpartition("@")[2].lower()


def probably_meant(domain: str) -> str | None:
    """The domain that a slip of the keyboard stands for ("gmial.com" is gmail.com); None: nothing speaks for a slip."""
    if domain in _REAL_NEIGHBOURS:
        return None
    name, _, ending = domain.partition(".")
    if ending in _NO_SUCH_ENDING:
        return probably_meant(f"{name}.com") or f"{name}.com"
    if name in _ONLY_COM and ending not in _OWN_COUNTRIES:
        return f"{name}.com"
    return next((known for known in _PROVIDERS if known[0] == domain[0] and _one_slip_apart(domain, known)), None)


def _one_slip_apart(one: str, other: str) -> bool:
    """One letter more, less, changed or swapped with its neighbour."""
    if abs(len(one) - len(other)) > 1:
        return False
    same = next((index for index, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), None)
    if same is None:
        return True
    left, right = one[same:], other[same:]
    swapped = left[1:2] + left[:1] + left[2:]
    return right in {left[1:], swapped} or right[1:] in {left, left[1:]}


def read_mobile(text: str) -> str | Wrong:
    """A Colombian number of ten digits, mobile (3…) or landline (60…), as +57 and the ten digits."""
    typed = clean(text)
    digits = re.sub(r"[ .()\-]", "", typed) if len(typed) <= 40 else typed
    for prefix in ("+57", "0057", "57"):
        if digits.startswith(prefix) and len(digits) == len(prefix) + 10:
            digits = digits[len(prefix) :]
            break
    if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits):
        return f"+57{digits}"
    return Wrong(
        f"{quoted(typed)} no es un número de teléfono de Colombia. "
        "Escriba los diez dígitos, por ejemplo: 300 123 4567, o deje la respuesta en blanco."
    )
