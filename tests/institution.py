"""An institution's policy for tests, whole and valid, with whatever a test wants changed."""

from config.institution import AccountRules, Institution, Mail, Unit
from config.vocabulary import AccountType


def an_institution(**changes: object) -> Institution:
    """A small institution that offers every account type; `changes` replace whole fields and are checked like a file's."""
    values: dict[str, object] = {
        "id": "entidad",
        "name": "Entidad de Prueba de la Nación",
        "short_name": "EPN",
        "mail_domain": "entidad.gov.co",
        "upn_suffix": "entidad.gov.co",
        "deletes_accounts": True,
        "accounts": {
            AccountType.EMPLOYEE: AccountRules(ou="OU=Funcionarios,{unit_ou},OU=Usuarios", licence="STANDARDPACK"),
            AccountType.CONTRACTOR: AccountRules(ou="OU=Contratistas,{unit_ou},OU=Usuarios", licence="STANDARDPACK"),
            AccountType.GENERIC: AccountRules(ou="OU=Genericas,OU=Usuarios", licence="EXCHANGESTANDARD"),
            AccountType.OPERATOR: AccountRules(ou="OU=Operadores,OU=Usuarios"),
        },
        "units": (
            Unit(name="Oficina de Gestión de la Información", aliases=("OGI",), ou="OU=OGI"),
            Unit(name="GIT de Talento Humano", aliases=("Talento Humano",), ou="OU=TalentoHumano"),
            Unit(name="Subdirección de Energía Eléctrica", ou="OU=Energia"),
        ),
        "mail": institution_mail(),
    }
    return Institution.model_validate({**values, **changes})


def institution_mail(**changes: object) -> Mail:
    """The `mail` part of `an_institution`, with changes of its own."""
    values: dict[str, object] = {
        "sender_name": "Gestión de Usuarios EPN",
        "sender": "gestion.usuarios@entidad.gov.co",
        "reply_to": "mesadeservicio@entidad.gov.co",
        "signature": ("Mesa de servicio", "Oficina de Gestión de la Información", "Entidad de Prueba de la Nación"),
        "help_contact": "Mesa de servicio: mesadeservicio@entidad.gov.co, extensión 1000, de 7:30 a. m. a 5:00 p. m.",
        "form_url": "https://docs.google.com/forms/d/e/1FAIpQLSc-entidad-de-prueba/viewform",
    }
    return Mail.model_validate({**values, **changes})
