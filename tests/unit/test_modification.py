"""What a modification changes, and where an account is: pure, on both built-in policies and on awkward ones."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.institution import BUILT_IN_INSTITUTIONS, AccountRules, Institution, Unit, built_in_policy, load_institution
from config.vocabulary import AccountType, EmailAddress
from provision.procedure.facts import Attribute, Change
from provision.procedure.modification import Present, below, parent_of, planned, whereabouts
from provision.procedure.submission import Contract, ContractChange
from tests.cases import ACTIVATE, MODIFY, UNIT
from tests.institution import an_institution

BASE = "DC=entidad,DC=gov,DC=co"


def built_in(name: str) -> Institution:
    """A policy that comes with the program."""
    path = built_in_policy(name)
    assert path is not None
    return load_institution(path)


POLICIES = [built_in(name) for name in BUILT_IN_INSTITUTIONS]
EVERYWHERE = [
    pytest.param(policy, account_type, unit, id=f"{policy.id}-{account_type}-{unit.ou}")
    for policy in POLICIES
    for account_type in policy.accounts
    for unit in policy.units
]


@pytest.mark.parametrize(("policy", "account_type", "unit"), EVERYWHERE)
def test_an_account_is_found_where_the_policy_puts_it(policy: Institution, account_type: AccountType, unit: Unit) -> None:
    """Exactly that type and unit; without a department, nothing where several units share the OU."""
    ou = policy.ou_of(account_type, unit)
    dn = f"CN=Ana Ríos,{ou},{BASE}"
    assert whereabouts(dn, unit.name, policy) == (account_type, unit.name)
    sharing = [other for other in policy.units if policy.ou_of(account_type, other) == ou]
    assert whereabouts(dn, "", policy) == ((account_type, unit.name) if len(sharing) == 1 else None)


@pytest.mark.parametrize(
    "name", ["Ríos\\, Ana", 'O\'Brien \\"Ñ\\" \\+ Cía', "Terminada en barra\\\\", "\\2C\\,\\,", "\\#1 \\, "]
)
def test_a_name_with_a_comma_in_it_hides_nobody(name: str) -> None:
    """ "Apellidos, Nombres" is how many administrators name their objects."""
    policy = POLICIES[0]
    unit = policy.units[2]
    ou = policy.ou_of(AccountType.CONTRACTOR, unit)
    dn = f"CN={name},{ou},{BASE}"
    assert parent_of(dn) == f"{ou},{BASE}"
    assert whereabouts(dn, unit.name, policy) == (AccountType.CONTRACTOR, unit.name)


@pytest.mark.parametrize(
    "dn",
    [
        "",
        "DC=co",
        "CN=Ana",
        "CN=Ana,DC=co",
        "CN=Ana,CN=Users,DC=co",
        "CN=Ana,OU=Nueva,OU=Contratistas,OU=OGI,OU=Usuarios,DC=co",
    ],
)
def test_an_account_elsewhere_is_nowhere(dn: str) -> None:
    """Also one in an OU below that of a unit: the policy gives no account there."""
    assert whereabouts(dn, "OGI", POLICIES[0]) is None


def test_capitals_and_spaces_in_a_dn_mean_nothing() -> None:
    """As to the directory; but a name that only begins like another one is another one."""
    dn = "cn=Ana , ou = contratistas,OU= ogi ,  ou=USUARIOS , dc=X"
    assert whereabouts(dn, "", POLICIES[0]) == (AccountType.CONTRACTOR, UNIT)
    assert below(dn, "CN=Ana,OU=Contratistas")
    assert not below(dn, "CN=An")
    assert not below("OU=OGIX,DC=x", "OU=OGI")


names = st.sampled_from(["A", "B", "C", "A\\, B", "Ñ"])
ous = st.lists(names, min_size=1, max_size=3).map(lambda parts: ",".join(f"OU={part}" for part in parts))
templates = st.sampled_from(["{unit_ou}", "OU=A,{unit_ou}", "{unit_ou},OU=B", "OU=A,{unit_ou},OU=B", "OU=A", "OU=C,OU=A"])


@st.composite
def policies(draw: st.DrawFn) -> Institution:
    """Any policy: OUs that begin alike, are nested, shared or missing, with escaped commas."""
    units = tuple(Unit(name=f"Unidad {n}", ou=draw(st.just("") | ous)) for n in range(draw(st.integers(1, 4))))
    accounts = {kind: AccountRules(ou=draw(templates)) for kind in draw(st.sets(st.sampled_from(AccountType), min_size=1))}
    return an_institution(units=units, accounts=accounts)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(policies(), st.data())
def test_whatever_the_policy_nobody_is_taken_for_somebody_else(policy: Institution, data: st.DataObject) -> None:
    """The right type and unit; or nothing, and then two of the policy's places are the same OU."""
    account_type, unit = data.draw(st.sampled_from(sorted(policy.accounts))), data.draw(st.sampled_from(policy.units))
    ou = policy.ou_of(account_type, unit)
    if not ou:
        return
    found = whereabouts(f"CN=Ríos\\, Ana,{ou},{BASE}", unit.name, policy)
    types = [other for other in policy.accounts if policy.ou_of(other, unit) == ou]
    assert found == ((account_type, unit.name) if len(types) == 1 else None)


PRESENT = Present(
    account_type=AccountType.CONTRACTOR,
    unit=UNIT,
    given_name="Ana",
    surname="Ríos",
    display_name="Ana Ríos",
    position="Ingeniera",
    mobile="",
    manager_mail="Jefe.OGI@entidad.gov.co",
    contract_number="CPS-1-2026",
    contract_end=date(2026, 12, 31),
    parent_dn=f"OU=Contratistas,OU=OGI,OU=Usuarios,{BASE}",
    group_dns=(f"CN=OGI,OU=Grupos,{BASE}", f"CN=Coro,OU=Grupos,{BASE}"),
)
POLICY = an_institution(
    units=(
        Unit(name=UNIT, ou="OU=OGI", groups=("CN=OGI,OU=Grupos", "CN=Ambas,OU=Grupos")),
        Unit(name="Minería", ou="OU=SM", groups=("CN=SM,OU=Grupos", "CN=Ambas,OU=Grupos")),
    )
)


def test_a_transfer_moves_everything_in_one_plan() -> None:
    """Unit, OU and the groups that units give; what somebody joined for another reason stays."""
    changes = planned(PRESENT, replace(MODIFY, unit="Minería", position=None), POLICY)
    assert changes == (
        Change(Attribute.UNIT, UNIT, "Minería"),
        Change(Attribute.OU, "OU=Contratistas,OU=OGI,OU=Usuarios", "OU=Contratistas,OU=SM,OU=Usuarios"),
        Change(Attribute.GROUP_REMOVED, "CN=OGI,OU=Grupos", ""),
        Change(Attribute.GROUP_ADDED, "", "CN=SM,OU=Grupos"),
        Change(Attribute.GROUP_ADDED, "", "CN=Ambas,OU=Grupos"),
    )


def test_what_is_so_already_is_no_change() -> None:
    """The same position, the same boss in other capitals, the same end."""
    content = replace(
        MODIFY,
        position="Ingeniera",
        given_names="Ana",
        supervisor_email=EmailAddress("jefe.ogi@entidad.gov.co"),
        contract=ContractChange("CPS-1-2026", None, date(2026, 12, 31)),
    )
    assert planned(PRESENT, content, POLICY) == ()


def test_a_new_name_is_shown_whole() -> None:
    """Surnames alone change what is shown too; the names that were not said stay."""
    changes = planned(PRESENT, replace(MODIFY, position=None, surnames="O'Brien, Ñáñez"), POLICY)
    assert changes == (
        Change(Attribute.SURNAMES, "Ríos", "O'Brien, Ñáñez"),
        Change(Attribute.DISPLAY_NAME, "Ana Ríos", "Ana O'Brien, Ñáñez"),
    )


def test_a_new_contract_is_written_by_an_activation() -> None:
    """Its number and its end; people read dates as they write them."""
    back = replace(ACTIVATE, contract=Contract("CPS-9-2027", date(2027, 1, 18), date(2027, 6, 30)))
    changes = planned(PRESENT, back, POLICY)
    assert [change.said for change in changes] == [
        ("Número de contrato", "CPS-1-2026", "CPS-9-2027"),
        ("Terminación del contrato", "31/12/2026", "30/06/2027"),
    ]
