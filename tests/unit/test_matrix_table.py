"""Reading the authorizer matrix: the whole table is valid, or every problem is said with its row and column."""

from datetime import date

import pytest

from config.institution import Unit
from config.vocabulary import AccountType, Operation
from intake.matrix import ALL, COLUMNS, Claim, InvalidMatrix, Matrix, Role, decide, read_matrix
from provision.procedure.submission import Granted
from tests.institution import an_institution

POLICY = an_institution()
OGI, TH, ENERGY = (unit.name for unit in POLICY.units)
HEADER = list(COLUMNS)
HEAD_ROW = {"correo": "Jefe@Entidad.gov.co", "nombre": "Luis Pérez", "rol": "Jefe de área", "dependencias": "OGI"}


def cells(**changes: str) -> list[str]:
    """A valid row of a head, with changes."""
    row = {**HEAD_ROW, **changes}
    return [row.get(column, "") for column in COLUMNS]


def matrix(*rows: list[str]) -> Matrix:
    """The matrix of these rows, which must be valid."""
    found = read_matrix([HEADER, *rows], POLICY)
    assert isinstance(found, Matrix), found
    return found


def problems(*rows: list[str]) -> tuple[str, ...]:
    """What is wrong with these rows."""
    found = read_matrix([HEADER, *rows], POLICY)
    assert isinstance(found, InvalidMatrix), found
    return found.problems


def test_a_row_is_read() -> None:
    """Address, name, role, units, operations, types, dates and approver, each in its Spanish form."""
    [row] = matrix(
        cells(
            dependencias="OGI; subdirección de energía eléctrica", operaciones="creación, Terminación anticipada;clave",
            tipos_de_cuenta="contratistas; Institucional o genérica", desde="2026-01-01", hasta="31/12/2026", aprobador="Sí",
        )
    ).rows  # fmt: skip
    assert (row.row, row.requester, row.name, row.role) == (2, "Jefe@entidad.gov.co", "Luis Pérez", Role.HEAD)
    assert row.units == frozenset({OGI, ENERGY})
    assert row.operations == frozenset({Operation.CREATE, Operation.TERMINATE_CONTRACT, Operation.RESET_PASSWORD})
    assert row.account_types == frozenset({AccountType.CONTRACTOR, AccountType.GENERIC})
    assert (row.valid_from, row.valid_until, row.approver) == (date(2026, 1, 1), date(2026, 12, 31), True)


@pytest.mark.parametrize("everything", ["todas", "TODOS", "*"])
def test_a_cell_may_say_all(everything: str) -> None:
    """Now and later."""
    [row] = matrix(cells(dependencias=everything, operaciones=everything, tipos_de_cuenta=everything)).rows
    assert (row.units, row.operations, row.account_types) == (ALL, ALL, ALL)


def test_empty_cells_mean_what_the_role_may() -> None:
    """And for Talento Humano every unit."""
    [head, human] = matrix(
        cells(), cells(correo="th@entidad.gov.co", nombre="Ana Díaz", rol="GIT de Talento Humano", dependencias="")
    ).rows
    assert (head.operations, head.account_types) == (frozenset(), frozenset())
    assert (human.role, human.units) == (Role.HUMAN_RESOURCES, ALL)


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("jefa de área", Role.HEAD),
        ("COORDINADORA", Role.COORDINATOR),
        ("Coordinador de GIT", Role.COORDINATOR),
        ("supervisora", Role.SUPERVISOR),
        ("Mesa de servicios", Role.SERVICE_DESK),
    ],
)
def test_roles_in_both_genders(text: str, role: Role) -> None:
    """As people write them."""
    assert matrix(cells(rol=text)).rows[0].role is role


def test_a_head_and_a_delegate_are_read_and_decide() -> None:
    """A delegate's empty units are those of the delegator."""
    found = matrix(
        cells(),
        cells(
            correo="eva@entidad.gov.co", nombre="Eva Gil", rol="delegada", dependencias="", delegado_de="jefe@entidad.gov.co"
        ),
    )
    requester = found.rows[1].requester
    claim = Claim(requester, Operation.CREATE, AccountType.CONTRACTOR, OGI, None, "Ana", date(2026, 2, 1))
    assert isinstance(decide(found, claim), Granted)
    assert not isinstance(
        decide(found, Claim(requester, claim.operation, claim.account_type, TH, None, "Ana", claim.on)), Granted
    )


def test_columns_in_any_order_case_and_accents() -> None:
    """The header is compared as people read it; cells that are cut off at the end are empty."""
    header = "Rol|CORREO |Nombre|Dependencias|Delegado de|Desde|Hasta|Aprobador|Operaciones|Tipos de cuenta||".split("|")
    found = read_matrix([header, ["supervisor", "a@b.co", "Ana", "OGI"]], POLICY)
    assert isinstance(found, Matrix)
    assert found.rows[0].role is Role.SUPERVISOR


def test_blank_rows_are_skipped_but_counted() -> None:
    """A decision names the row that somebody sees."""
    assert [row.row for row in matrix([], ["", " "], cells()).rows] == [4]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"correo": "jefe"}, "columna «correo»: «jefe» no es una dirección"),
        ({"correo": ""}, "columna «correo»: La celda está vacía"),
        ({"correo": "jefé@entidad.gov.co"}, "columna «correo»"),
        ({"correo": "a@b.co, c@d.co"}, "más de una dirección"),
        ({"nombre": ""}, "columna «nombre»: La celda está vacía"),
        ({"nombre": "123"}, "columna «nombre»"),
        ({"nombre": "x" * 200}, "más de 130"),
        ({"rol": "coordinasor"}, "¿Quiso decir «coordinador»?"),
        ({"rol": "rey"}, "columna «rol»: No existe el rol «rey»"),
        ({"dependencias": ""}, "columna «dependencias»: La celda está vacía"),
        ({"dependencias": "OGI; Energia electrica"}, "¿Quiso decir «Subdirección de Energía Eléctrica»?"),
        ({"operaciones": "Creación; volar"}, "columna «operaciones»: No existe la operación «volar»"),
        ({"operaciones": ";"}, "columna «operaciones»"),
        ({"tipos_de_cuenta": "pasante"}, "columna «tipos_de_cuenta»: No existe el tipo de cuenta «pasante»"),
        ({"desde": "12/31/2026"}, "columna «desde»: La fecha «12/31/2026» no existe"),
        ({"hasta": "pronto"}, "columna «hasta»: «pronto» no es una fecha"),
        ({"desde": "2026-02-01", "hasta": "2026-01-01"}, "columna «hasta»: La fecha 01/01/2026 es anterior"),
        ({"aprobador": "quizá"}, "columna «aprobador»: «quizá» no se entiende"),
        ({"delegado_de": "th@entidad.gov.co"}, "columna «delegado_de»: Solo se llena"),
        ({"rol": "delegado"}, "columna «delegado_de»: La celda está vacía"),
        ({"rol": "delegado", "delegado_de": "JEFE@entidad.gov.co"}, "delegado de sí mismo"),
        ({"rol": "delegado", "delegado_de": "nadie@entidad.gov.co"}, "nadie@entidad.gov.co no está en la matriz"),
        ({"nombre": "=HYPERLINK(\"http://x\")"}, "columna «nombre»: «=HYPERLINK"),
        ({"correo": "#REF!"}, "columna «correo»: «#REF!» parece una fórmula o un error"),
        ({"hasta": "+1"}, "columna «hasta»: «+1» parece una fórmula"),
        ({"aprobador": "-"}, "deje la celda vacía"),
        ({"nombre": "x" * 1_000_000}, "más de 4000 caracteres"),
    ],
)  # fmt: skip
def test_a_problem_is_said_with_its_row_and_column(changes: dict[str, str], said: str) -> None:
    """What is wrong, where, and how it is written."""
    found = problems(cells(correo="otra@entidad.gov.co", nombre="Otra Persona"), cells(**changes))
    assert len(found) == 1
    assert found[0].startswith("Fila 3, columna")
    assert said in found[0]


def test_the_whole_table_is_checked_at_once() -> None:
    """A row with a problem hides neither its other problems nor those of others."""
    found = problems(
        cells(nombre="=1", desde="ayer", aprobador="quizá"),
        cells(correo="x", rol="rey"),
        cells(correo="eva@entidad.gov.co", nombre="Eva", rol="delegado", dependencias="", delegado_de="nadie@entidad.gov.co"),
    )
    assert [problem.partition(":")[0] for problem in found] == [
        "Fila 2, columna «nombre»", "Fila 2, columna «desde»", "Fila 2, columna «aprobador»", "Fila 3, columna «correo»",
        "Fila 3, columna «rol»", "Fila 4, columna «delegado_de»",
    ]  # fmt: skip


def test_delegation_is_checked_between_rows() -> None:
    """No delegate of a delegate; heads delegate, others only operations that are written."""
    eva = cells(correo="eva@entidad.gov.co", nombre="Eva Gil", rol="delegado", delegado_de="jefe@entidad.gov.co")
    leo = cells(correo="leo@entidad.gov.co", nombre="Leo Paz", rol="delegado", delegado_de="eva@entidad.gov.co")
    assert "un delegado no puede delegar" in problems(cells(), eva, leo)[0]
    assert "no es jefe de área" in problems(cells(rol="coordinador"), eva)[0]
    written = cells(
        correo="eva@entidad.gov.co", nombre="Eva Gil", rol="delegado", delegado_de="jefe@entidad.gov.co", operaciones="creación"
    )
    assert len(matrix(cells(rol="coordinador"), written).rows) == 2


def test_a_delegators_own_problem_is_not_said_twice() -> None:
    """A head whose row has a wrong date is not missing from the matrix."""
    eva = cells(correo="eva@entidad.gov.co", nombre="Eva Gil", rol="delegado", delegado_de="jefe@entidad.gov.co")
    assert len(problems(cells(rol="jef"), eva)) == 1
    assert len(problems(cells(desde="ayer"), eva)) == 1


def test_repeated_rows_and_two_names_for_one_person_are_problems() -> None:
    """A second name would hide that somebody asks for his own account."""
    assert problems(cells(), cells(correo="JEFE@entidad.gov.co")) == ("Fila 3: repite la fila 2; borre una de las dos.",)
    [found] = problems(cells(), cells(nombre="Luis Alberto Pérez", dependencias="todas"))
    assert found.startswith("Fila 3, columna «nombre»")
    assert len(matrix(cells(), cells(nombre="LUIS PEREZ", dependencias="todas")).rows) == 2


def test_a_wrong_header_is_said_before_anything_else() -> None:
    """Unknown columns with what was probably meant, missing ones, and those that are there twice."""
    found = read_matrix([["correo", "correo", "nombre", "roles", "dependencias", "comentarios"], cells()], POLICY)
    assert isinstance(found, InvalidMatrix)
    text = " ".join(found.problems)
    assert "«correo» está dos veces" in text
    assert "«roles» no es de la matriz; ¿quiso decir «rol»?" in text
    assert "«comentarios» no es de la matriz; bórrela" in text
    assert "faltan columnas: rol, operaciones, tipos_de_cuenta, delegado_de, desde, hasta, aprobador" in text


@pytest.mark.parametrize("table", [[], [[]], [["", " "]], [HEADER], [HEADER, [], ["", ""]]])
def test_an_empty_matrix_is_invalid(table: list[list[str]]) -> None:
    """Nobody authorised is never what somebody meant: absence is no evidence."""
    found = read_matrix(table, POLICY)
    assert isinstance(found, InvalidMatrix)
    assert len(found.problems) == 1


def test_text_beside_the_columns_is_a_problem() -> None:
    """It may be a row that was pasted out of place."""
    assert problems([*cells(), "", "nota"]) == ("Fila 2: hay texto fuera de las columnas de la matriz; bórrelo.",)


def test_a_units_name_may_have_a_comma() -> None:
    """A comma separates only what is no unit as it stands."""
    policy = an_institution(units=(Unit(name="Gestión, Proyectos y Fondos", ou="OU=F"), Unit(name="Minería", ou="OU=M")))
    rows = [
        cells(dependencias="Gestión, proyectos y fondos; Minería"),
        cells(dependencias="Minería, Minería", rol="supervisor"),
    ]
    found = read_matrix([HEADER, *rows], policy)
    assert isinstance(found, Matrix)
    assert [len(row.units) for row in found.rows if row.units is not ALL and isinstance(row.units, frozenset)] == [2, 1]


def test_the_version_follows_the_content() -> None:
    """It changes with a row's meaning or place, and not with spaces, capitals of an address or the order of a list."""
    base = matrix(cells(dependencias="OGI; GIT de Talento Humano")).version
    assert matrix(cells(dependencias=" Talento humano ;OGI", correo="JEFE@entidad.gov.co")).version == base
    changed = [cells(dependencias="OGI"), cells(dependencias="*"), cells(dependencias="OGI;Talento Humano", hasta="2026-12-31")]
    versions = {base, matrix([], cells(dependencias="OGI;Talento Humano")).version, *(matrix(row).version for row in changed)}
    assert len(versions) == 5
    assert len(base) == 12


def test_a_large_matrix_is_read_and_asked_quickly() -> None:
    """Five thousand rows and a hundred questions, as in a busy run."""
    rows = [cells(correo=f"p{number}@entidad.gov.co", nombre=f"Persona {number}".replace("0", "a")) for number in range(5000)]
    found = matrix(*rows)
    for number in range(100):
        claim = Claim(found.rows[number].requester, Operation.CREATE, AccountType.OPERATOR, OGI, None, "Ana", date(2026, 2, 1))
        assert isinstance(decide(found, claim), Granted)
