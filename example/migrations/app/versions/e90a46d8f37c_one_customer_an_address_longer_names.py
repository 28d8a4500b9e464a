"""one customer an address, longer names

Revision ID: e90a46d8f37c
Revises: c52d7b0e9a13
Create Date: 2026-11-16 14:22:17.641088

"""

from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = "e90a46d8f37c"
down_revision: Union[str, Sequence[str], None] = "c52d7b0e9a13"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.alter_column(
            "name",
            existing_type=sa.String(length=80),
            type_=sa.String(length=120),
            existing_nullable=False,
        )
        batch_op.create_unique_constraint(batch_op.f("uq_customer_email"), ["email"])


def downgrade() -> None:
    """Downgrade schema."""
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_customer_email"), type_="unique")
        batch_op.alter_column(
            "name",
            existing_type=sa.String(length=120),
            type_=sa.String(length=80),
            existing_nullable=False,
        )
