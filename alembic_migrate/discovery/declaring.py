"""Files that declare a table and were not imported: found by reading them, never by running them.

A table that a mapped class names by itself (``declared_attr``, Flask-SQLAlchemy, SQLModel) is known
by the class: ``BookShelf`` is ``bookshelf``, ``book_shelf``, or one of them with an ``s``.
"""

from __future__ import annotations

import ast
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData

from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Folders whose files are no application's models, whatever they declare.
_NO_MODELS = frozenset({"build", "dist", "node_modules", "site-packages", "test", "tests"})
_TEST_FILE = pattern(r"test_.*|.*_test|conftest")
_WORD = pattern(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Places:
    """Where the models of a base may be.

    Attributes:
        packages: folders of its own. A file there counts unless its classes are another base's.
        roots: folders of ``sys.path``. A file there counts if its classes are this base's.
        metadata: the base's.
        apart: folders that are left out, with all below them.
    """

    packages: tuple[Path, ...]
    roots: tuple[Path, ...]
    metadata: tuple[MetaData, ...]
    apart: tuple[Path, ...]


class Declarations:
    """The files of some places that were not imported, read once and looked through for tables."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._texts: dict[Path, bytes] | None = None
        self._declared: dict[Path, dict[str, bool | None]] = {}

    def file_of(self, table: str) -> Path | None:
        """Return a file that declares a table of the base, or None."""
        plain = table.lower().replace("_", "").removesuffix("s").encode()
        # The name as it is written, or that of a class.
        signs = (b'"' + plain, b"'" + plain, b"class " + plain)
        for path, text in self._read().items():
            if not any(sign in text for sign in signs):
                continue
            if path not in self._declared:
                self._declared[path] = _declared(path, self._places)
            whose = self._declared[path].get(table, False)
            if whose or (whose is None and self._is_own(path)):
                return path
        return None

    def _is_own(self, path: Path) -> bool:
        return any(path.is_relative_to(folder) for folder in self._places.packages)

    def _read(self) -> dict[Path, bytes]:
        """Return the files with what they hold, in lower case and without underscores."""
        if self._texts is None:
            imported = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
            self._texts = {}
            for root in (*self._places.packages, *self._places.roots):
                for path in _python_files(root, self._places.apart):
                    if str(path) not in imported and path not in self._texts:
                        self._texts[path] = _text(path)
        return self._texts


def _python_files(root: Path, apart: tuple[Path, ...]) -> Iterator[Path]:
    for folder, below, files in os.walk(root):
        here = Path(folder)
        below[:] = sorted(name for name in below if _is_searched(here / name, apart))
        for name in sorted(files):
            if name.endswith(".py") and not _TEST_FILE.fullmatch(name.removesuffix(".py")):
                yield here / name


def _is_searched(folder: Path, apart: tuple[Path, ...]) -> bool:
    name = folder.name
    return not (
        name.startswith((".", "__"))
        or name in _NO_MODELS
        or folder in apart
        or (folder / "pyvenv.cfg").exists()
    )


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes().lower().replace(b"_", b"")
    except OSError:
        return b""


def _declared(path: Path, places: Places) -> dict[str, bool | None]:
    """Return the tables that a file declares, and whether they are this base's.

    None stands for what nobody can tell; a name that several classes may have is the likeliest's.
    """
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (OSError, SyntaxError, ValueError):
        return {}
    scope = _Scope(places.metadata, _package(path, places.roots))
    statements = list(_statements(tree.body))
    for statement in statements:
        scope.learn_import(statement)
    found: dict[str, bool | None] = {}
    for statement in statements:
        scope.learn(statement)
        for name, whose in _tables(statement, scope):
            found[name] = max(found.get(name, whose), whose, key=(False, None, True).index)
    return found


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements and those inside of them, the outer ones of a body first."""
    inner: list[ast.stmt] = []
    for statement in body:
        yield statement
        for part in ("body", "orelse", "finalbody"):
            inner += getattr(statement, part, ())
        for handler in getattr(statement, "handlers", ()):
            inner += handler.body
    if inner:
        yield from _statements(inner)


def _tables(statement: ast.stmt, scope: _Scope) -> Iterator[tuple[str, bool | None]]:
    if isinstance(statement, ast.ClassDef):
        whose = scope.classes.get(statement.name)
        yield from ((name, whose) for name in _table_names(statement, whose))
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr | ast.Return):
        call = statement.value
        if isinstance(call, ast.Call) and _called(call) == "Table":
            whose = scope.whose(call.args[1]) if len(call.args) > 1 else None
            yield from ((name, whose) for name in _table_of_call(call))


def _package(path: Path, roots: Sequence[Path]) -> tuple[str, ...]:
    """Return the names of the packages that a file is in, the outermost first."""
    inside = (path.relative_to(root) for root in roots if path.is_relative_to(root))
    return next((found.parent.parts for found in inside), ())


@dataclass
class _Scope:
    """What the names of one file stand for.

    Attributes:
        metadata: the base's.
        package: the packages that the file is in.
        names: what is imported, by the name that it has here.
        classes: whether a class or an object of the file is the base's (None: unknown).
    """

    metadata: tuple[MetaData, ...]
    package: tuple[str, ...]
    names: dict[str, str] = field(default_factory=dict)
    classes: dict[str, bool | None] = field(default_factory=dict)

    def learn_import(self, node: ast.AST) -> None:
        """Learn what a statement imports."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                self.names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            module = self._absolute(node)
            for alias in node.names:
                self.names[alias.asname or alias.name] = f"{module}.{alias.name}"

    def learn(self, node: ast.AST) -> None:
        """Learn whose a class or an object is that a statement makes."""
        if isinstance(node, ast.ClassDef):
            bases = [self.whose(base) for base in node.bases]
            self.classes[node.name] = next((one for one in (True, False) if one in bases), None)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self.classes.setdefault(target.id, _made_by(node.value))

    def whose(self, expression: ast.expr) -> bool | None:
        """Tell whether what an expression names is the base's; None where nobody can tell."""
        if isinstance(expression, ast.Call):
            return _made_by(expression)
        if not isinstance(expression, ast.Name | ast.Attribute):
            return None
        top, _, rest = ast.unparse(expression).partition(".")
        if top in self.classes:
            return self.classes[top]
        if top not in self.names:
            return None
        path = f"{self.names[top]}.{rest}".removesuffix(".")
        if path.startswith("sqlalchemy.") and path.endswith(("DeclarativeBase", "BaseNoMeta")):
            return False
        metadata = _metadata_of(_imported_object(path))
        return None if metadata is None else any(metadata is one for one in self.metadata)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        above = self.package[: len(self.package) - node.level + 1]
        return ".".join([*above, *([node.module] if node.module else [])])


def _made_by(call: ast.Call) -> bool | None:
    """Tell whose a new object is: another base's where the call makes a base."""
    return False if _called(call) in {"declarative_base", "MetaData", "SQLAlchemy"} else None


def _imported_object(path: str) -> Any:
    """Return what a dotted path names among the modules that are imported, or None."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        found: Any = sys.modules.get(".".join(parts[:length]))
        for name in parts[length:]:
            found = getattr(found, name, None)
        # An object may have the name of a module beside it: from app import db.
        if found is not None:
            return found
    return None


def _metadata_of(value: Any) -> MetaData | None:
    found = value if isinstance(value, MetaData) else getattr(value, "metadata", None)
    return found if isinstance(found, MetaData) else None


def _table_names(node: ast.ClassDef, whose: bool | None) -> set[str]:
    """Return what the table of a class may be called; nothing where it has none."""
    values = {name: value for statement in node.body for name, value in _assigned(statement)}
    abstract = values.get("__abstract__")
    if isinstance(abstract, ast.Constant) and abstract.value:
        return set()
    named = values.get("__tablename__")
    if isinstance(named, ast.Constant):
        return {named.value} if isinstance(named.value, str) else set()
    if not node.bases or not (whose or _is_mapped(node)):
        return set()
    plain, snake = node.name.lower(), _WORD.sub("_", node.name).lower()
    return {plain, snake, f"{plain}s", f"{snake}s"}


def _is_mapped(node: ast.ClassDef) -> bool:
    """Tell whether a class has columns, or says that it is a table as SQLModel wants it."""
    if any(keyword.arg == "table" for keyword in node.keywords):
        return True
    for statement in node.body:
        for _, value in _assigned(statement):
            if isinstance(value, ast.Call) and _called(value) in {"Column", "mapped_column"}:
                return True
        if isinstance(statement, ast.AnnAssign) and "Mapped[" in ast.unparse(statement.annotation):
            return True
    return False


def _assigned(node: ast.stmt) -> Iterable[tuple[str, ast.expr]]:
    targets: Sequence[ast.expr] = ()
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = (node.target,)
    value = getattr(node, "value", None)
    return [(each.id, value) for each in targets if isinstance(each, ast.Name) and value]


def _called(node: ast.Call) -> str:
    return ast.unparse(node.func).rpartition(".")[2]


def _table_of_call(node: ast.Call) -> set[str]:
    named = [*node.args[:1], *(one.value for one in node.keywords if one.arg == "name")]
    return {str(one.value) for one in named if isinstance(one, ast.Constant)}
