"""prices in cents

Revision ID: c52d7b0e9a13
Revises: 8b6e1f94c07a
Create Date: 2026-11-09 11:05:48.305921

"""

from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = "c52d7b0e9a13"
down_revision: Union[str, Sequence[str], None] = "8b6e1f94c07a"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


# The tables as they are between the two steps; the models know only what comes after the last.
product = sa.table(
    "product",
    sa.column("price", sa.Numeric(10, 2)),
    sa.column("price_cents", sa.Integer()),
)


def upgrade() -> None:
    """Upgrade schema and data."""
    op.add_column("product", sa.Column("price_cents", sa.Integer(), nullable=True))
    cents = sa.cast(sa.func.round(product.c.price * 100), sa.Integer())
    op.execute(product.update().values(price_cents=cents))
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.alter_column("price_cents", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_column("price")


def downgrade() -> None:
    """Downgrade schema and data."""
    op.add_column("product", sa.Column("price", sa.Numeric(10, 2), nullable=True))
    op.execute(product.update().values(price=product.c.price_cents / 100))
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.alter_column("price", existing_type=sa.Numeric(10, 2), nullable=False)
        batch_op.drop_column("price_cents")
