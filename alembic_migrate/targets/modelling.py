"""The models of a base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.discovery.models import Models, load_models
from alembic_migrate.discovery.modules import module_exists
from alembic_migrate.errors import DiscoveryError

if TYPE_CHECKING:
    from alembic_migrate.targets.target import Target


def models_of(target: Target) -> Models:
    """Return the models, imported now.

    Raises:
        DiscoveryError: as ``load_models``.
    """
    target.enter()
    config = target.config
    metadata = config["metadata"] or ()
    paths = (metadata,) if isinstance(metadata, str) else tuple(metadata)
    found = load_models(
        module=base_module_of(target),
        metadata=paths,
        models=tuple(config["models"] or ()),
        sweep=not _names_models(target),
        asked_by=config.origin("module").text,
    )
    if not found.tables:
        target.warnings.append(
            f"{target.title} has no tables at all: is every model imported? "
            'models = ["package.models.*"] imports what is missing'
        )
    return found


def own_models_of(target: Target) -> Models | None:
    """Return the models; None where nothing names them and ``env.py`` may bring its own."""
    try:
        return target.models
    except DiscoveryError as error:
        config = target.config
        asked = any(config.is_set(key) for key in ("module", "metadata", "models"))
        if asked or error.data.get("module") is None or target.environment == "builtin":
            raise
        return None


def base_module_of(target: Target) -> str | None:
    """Return the module whose ``get_base()`` is asked; None where there is none to ask.

    The default one is not missed where ``models`` or ``metadata`` give what it would.
    """
    module = str(target.config["module"])
    if target.config["metadata"] or (_names_models(target) and not module_exists(module)):
        return None
    return module


def _names_models(target: Target) -> bool:
    """Tell whether ``models`` says which modules there are, and no ``module`` does."""
    return bool(target.config["models"]) and not target.config.is_set("module")
