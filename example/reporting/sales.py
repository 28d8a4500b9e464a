"""Sales a day and sales a product."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from reporting.base import Base


class DailySales(Base):
    __tablename__ = "daily_sales"

    day: Mapped[date] = mapped_column(primary_key=True)
    purchases: Mapped[int]
    revenue_cents: Mapped[int] = mapped_column(BigInteger)


class ProductSales(Base):
    __tablename__ = "product_sales"

    day: Mapped[date] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product_name: Mapped[str] = mapped_column(String(100))
    quantity: Mapped[int]
