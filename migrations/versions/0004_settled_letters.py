"""the last letters that were accepted or refused, which the breaker counts"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = "ix_delivery_settled"


def upgrade() -> None:
    settled = sa.text("status IN ('sent', 'failed')")
    op.create_index(
        NAME,
        "delivery",
        ["settled_at", "status"],
        sqlite_where=settled,
        postgresql_where=settled,
    )


def downgrade() -> None:
    op.drop_index(NAME, "delivery")
