"""sales a product

Revision ID: 6ac2f8e07b94
Revises: 17d9e3a4b5f0
Create Date: 2026-11-17 08:45:10.093376

"""

from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = "6ac2f8e07b94"
down_revision: Union[str, Sequence[str], None] = "17d9e3a4b5f0"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "product_sales",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("product_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("product_name", sa.String(length=100), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "product_id"),
    )


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("product_sales")
