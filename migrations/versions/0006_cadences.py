"""hours of readers by their cadence too, so that who is due is read from the index alone"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAME = "ix_preference_hour"


def upgrade() -> None:
    _replace("timezone", "send_at", "cadence", "weekday", "subscriber_id")


def downgrade() -> None:
    _replace("timezone", "send_at", "subscriber_id")


def _replace(*columns: str) -> None:
    current = sa.text("valid_to IS NULL")
    op.drop_index(NAME, "preference")
    op.create_index(
        NAME, "preference", list(columns), sqlite_where=current, postgresql_where=current
    )
