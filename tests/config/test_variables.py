"""What ``${...}`` stands for, and the dotenv file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from alembic_migrate.config.variables import LARGEST_SECRET, Unresolved, Variables, read_dotenv

from .conftest import Place, caught

ROOT = Path("/root-of-the-project")
VALUES = st.text(min_size=1)
# What a dialect, a host or a key of ours cannot hold anyway is not what is tried here.
PLAIN = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)


def expand(template: str, environ: dict[str, str] | None = None, **kwargs) -> str:
    return Variables(environ or {}, ROOT).expand(template, **kwargs)


def expand_url(template: str, **environ: str) -> str:
    return Variables(environ, ROOT).expand_url(template)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain", "plain"),
        ("${A}", "one"),
        ("x${A}y${A}", "xoneyone"),
        ("${A:-default}", "one"),
        ("${B:-default}", "default"),
        ("${EMPTY:-default}", "default"),
        ("${B:-}", ""),
        ("${B:-${A}}", "one"),
        ("${B:-${C:-deep}}!", "deep!"),
        ("$$", "$"),
        ("$${A}", "${A}"),
        ("$$${A}", "$one"),
        ("${B:-$$}", "$"),
        ("$A $ a$", "$A $ a$"),
        ("a%b%%c", "a%b%%c"),
    ],
)
def test_templates_become_values(template: str, value: str):
    assert expand(template, {"A": "one", "EMPTY": ""}) == value


def test_the_name_of_the_base_stands_outside_of_variables_only():
    environ = {"name": "of-a-variable", "V": "{name}"}
    assert expand("{name}/${name}/${V}/${X:-{name}.db}", environ, name="app") == (
        "app/of-a-variable/{name}/app.db"
    )
    assert expand("{name}") == "{name}"


@given(VALUES, st.text().filter(lambda text: "$" not in text and "{name}" not in text))
def test_a_value_is_taken_literally(value: str, around: str):
    environ = {"A": value}
    assert expand(f"{around}${{A}}{around}", environ, name="app") == f"{around}{value}{around}"
    assert expand("${B:-${A}}", environ) == value


@given(st.text())
def test_any_text_is_reached_by_doubling_its_dollars(text: str):
    assert expand(text.replace("$", "$$")) == text


@given(st.text("${}AB:-xname", max_size=20))
def test_a_template_gives_a_value_or_says_what_is_wrong(template: str):
    try:
        value = expand(template, {"A": "${A}", "B": ""}, name="app")
    except Unresolved as error:
        value = error.problem
    assert isinstance(value, str)


@given(VALUES, VALUES)
def test_user_and_password_may_hold_anything(user: str, password: str):
    for text in (user, password):
        assume(not any("\ud800" <= character <= "\udfff" for character in text))
    url = make_url(
        expand_url("postgresql+psycopg://${U}:${P}@${H}/db?x=a@b", U=user, P=password, H="h:1")
    )
    assert (url.username, url.password, url.host, url.port) == (user, password, "h", 1)
    assert (url.database, dict(url.query)) == ("db", {"x": "a@b"})


@given(VALUES, PLAIN)
def test_a_password_with_text_around_it_is_encoded_too(password: str, around: str):
    assume(not any("\ud800" <= character <= "\udfff" for character in password))
    url = make_url(expand_url(f"mysql://u:{around}${{P}}/{around}@h/db", P=password))
    assert url.password == f"{around}{password}/{around}"


@given(VALUES)
def test_a_url_that_is_one_variable_is_untouched(value: str):
    assert expand_url("${DATABASE_URL}", DATABASE_URL=value) == value


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("sqlite:///${X}", "sqlite:///a@b:/c"),
        ("postgresql://${X}/db", "postgresql://a@b:/c/db"),
        ("postgresql://h/db?password=${X}", "postgresql://h/db?password=a@b:/c"),
        ("postgresql://u@h/${X}", "postgresql://u@h/a@b:/c"),
        ("${Y:-postgresql}://u:${X}@h/d", "postgresql://u:a%40b%3A%2Fc@h/d"),
    ],
)
def test_outside_of_user_and_password_nothing_is_encoded(template: str, url: str):
    assert expand_url(template, X="a@b:/c") == url


def test_a_variable_that_is_unset_or_empty_is_an_error(place: Place):
    toml = '[tool.alembic-migrate]\nurl = "${DATABASE_URL}"\n'
    hint = "export DATABASE_URL=...\nor give it a default: ${DATABASE_URL:-default}"
    error = caught(lambda: place.base(toml).url)
    assert error.message == (
        f"{place.at(2)} tool.alembic-migrate.url needs the variable DATABASE_URL, which is not set"
    )
    assert error.hint == hint
    error = caught(lambda: place.base(toml, environ={"DATABASE_URL": ""}).url)
    assert error.message == (
        f"{place.at(2)} tool.alembic-migrate.url needs the variable DATABASE_URL, which is empty"
    )
    assert error.hint == hint


@pytest.mark.parametrize("template", ["${", "a${B", "${B:-${C}", "${B:-{name}"])
def test_a_variable_that_is_not_closed_is_an_error(place: Place, template: str):
    error = caught(lambda: place.base(f"[tool.alembic-migrate]\nurl = '{template}'\n").url)
    assert error.message == (f"{place.at(2)} tool.alembic-migrate.url has a ${{ that is not closed")
    assert error.hint == "close it with }; a plain $ is written $$"


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A-x", "A:?x"])
def test_what_is_no_variables_name_is_an_error(place: Place, name: str):
    error = caught(lambda: place.base(f"[tool.alembic-migrate]\nurl = '${{{name}}}'\n").url)
    assert error.message == (
        f"{place.at(2)} tool.alembic-migrate.url has ${{{name}}}, which is not a variable's name"
    )
    assert error.hint == (
        "possible are ${NAME}, ${NAME:-default} and ${file:PATH}; a plain $ is written $$"
    )


# --- secret files ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"secret\r\n", "secret"),
        (b"secret\n\n", "secret\n"),
        (b" ${A} $$ ", " ${A} $$ "),
        (b"x" * LARGEST_SECRET, "x" * LARGEST_SECRET),
    ],
)
def test_a_secret_file_gives_its_text_without_the_last_newline(
    tmp_path: Path, content: bytes, value: str
):
    (tmp_path / "secret").write_bytes(content)
    assert Variables({}, tmp_path).expand("${file:secret}") == value
    assert Variables({}, ROOT).expand(f"${{file:{tmp_path}/secret}}") == value


def test_a_secret_files_path_may_have_variables_and_the_bases_name(tmp_path: Path):
    (tmp_path / "app.txt").write_text("secret")
    variables = Variables({"DIR": str(tmp_path)}, ROOT)
    assert variables.expand("${file:${DIR}/{name}.txt}", "app") == "secret"


def test_a_faulty_secret_file_is_an_error(place: Place):
    place.write("empty", "")
    place.write("blank", "\n")
    place.write("large", b"x" * (LARGEST_SECRET + 1))
    place.write("binary", b"\xff")
    (place.root / "folder").mkdir()
    faults = {
        "missing": "does not exist",
        "empty": "is empty",
        "blank": "is empty",
        "folder": "is a folder",
        "large": "is larger than 64 KiB",
        "binary": "is not UTF-8",
    }
    for name, fault in faults.items():
        base = place.base(f'[tool.alembic-migrate]\nurl = "${{file:{name}}}"\n')
        error = caught(lambda base=base: base.url)
        assert error.message == (
            f"{place.at(2)} tool.alembic-migrate.url needs the file {place.root / name}, "
            f"which {fault}"
        )
    assert error.hint == "name a text file with one value"
    error = caught(lambda: place.base("[tool.alembic-migrate]\nurl = '${file:}'\n").url)
    assert error.message == (
        f"{place.at(2)} tool.alembic-migrate.url has ${{file:}} without a path"
    )


def test_a_secret_file_that_cannot_be_read_is_an_error(place: Place, monkeypatch):
    place.write("secret", "x")
    base_toml = '[tool.alembic-migrate]\nurl = "${file:secret}"\n'
    real = Path.open

    def fail(path, *args, **kwargs):
        if path.name == "secret":
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **kwargs)

    place.write("pyproject.toml", base_toml)
    monkeypatch.setattr(Path, "open", fail)
    error = caught(lambda: place.base().url)
    assert error.message == (
        f"{place.at(2)} tool.alembic-migrate.url needs the file {place.root / 'secret'}, "
        "which cannot be read: Permission denied"
    )
    assert error.hint == f"chmod u+r {place.root / 'secret'}"


# --- dotenv ----------------------------------------------------------------------------------

DOTENV = """\
# a comment
PLAIN=value with blanks   # and a comment
export EXPORTED = exported

HASH=a#b
SINGLE='a "b" \\n #c'  # comment
DOUBLE="a 'b'\\n\\"c\\" #d"
EMPTY=
ONLY_COMMENT= # nothing
LITERAL=${PLAIN}$$
"""


def test_a_dotenv_file_is_read(tmp_path: Path):
    (tmp_path / ".env").write_text(DOTENV)
    assert read_dotenv(tmp_path / ".env") == {
        "PLAIN": "value with blanks",
        "EXPORTED": "exported",
        "HASH": "a#b",
        "SINGLE": 'a "b" \\n #c',
        "DOUBLE": "a 'b'\n\"c\" #d",
        "EMPTY": "",
        "ONLY_COMMENT": "",
        "LITERAL": "${PLAIN}$$",
    }


def test_a_dotenv_file_fills_in_for_missing_variables_only(place: Place):
    place.write(".env", "A=from-file\nB=from-file\n")
    toml = '[tool.alembic-migrate]\nenv_file = ".env"\nversion_table = "${A}-${B}"\n'
    assert place.base(toml, environ={"A": "given"})["version_table"] == "given-from-file"


def test_an_unset_variable_says_that_the_dotenv_file_lacks_it_too(place: Place):
    toml = '[tool.alembic-migrate]\nenv_file = ".env"\nurl = "${A}"\n'
    problem = f"{place.at(3)} tool.alembic-migrate.url needs the variable A, which is not set"
    error = caught(lambda: place.base(toml).url)
    assert error.message == f"{problem}, nor in {place.root / '.env'}, a file that does not exist"
    place.write(".env", "B=1\n")
    assert caught(lambda: place.base(toml).url).message == (
        f"{problem}, nor in {place.root / '.env'}"
    )


@pytest.mark.parametrize(
    "line", ["secret", "=secret", "A='secret", 'A="secret" secret', "1A=secret"]
)
def test_a_line_that_is_none_is_an_error_and_not_shown(tmp_path: Path, line: str):
    file = tmp_path / ".env"
    file.write_text(f"A=1\n{line}\n")
    error = caught(lambda: read_dotenv(file))
    assert error.message == f"{file}:2: this is not a line of a dotenv file"
    assert error.hint == 'a line looks like this: NAME=value, or NAME="value with a \' in it"'


def test_a_dotenv_file_that_is_a_folder_is_an_error(tmp_path: Path):
    error = caught(lambda: read_dotenv(tmp_path))
    assert error.message == f"{tmp_path} cannot be read: Is a directory"
