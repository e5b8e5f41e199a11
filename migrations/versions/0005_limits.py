"""limits: the pace of the route and of domains, lanes in the queue, connections of workers"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

QUEUED = "status = 'queued' AND worker_id IS NULL"


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, "delivery", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def upgrade() -> None:
    op.create_table(
        "pace",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("granted", sa.JSON(), nullable=False),
        sa.Column("slowed", sa.Integer(), nullable=False),
        sa.Column("slowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_pace")),
    )
    op.execute("INSERT INTO counter (name, value) VALUES ('claims', 0)")
    op.add_column("worker", sa.Column("connections", sa.Integer(), nullable=True))
    op.add_column("delivery", sa.Column("lane", sa.String(), nullable=True))
    op.drop_index("ix_delivery_queue", "delivery")
    _index("ix_delivery_queue", ["priority", "next_attempt_at", "id"], f"{QUEUED} AND lane IS NULL")
    _index(
        "ix_delivery_lane",
        ["lane", "priority", "next_attempt_at", "id"],
        f"{QUEUED} AND lane IS NOT NULL",
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_lane", "delivery")
    op.drop_index("ix_delivery_queue", "delivery")
    _index("ix_delivery_queue", ["priority", "next_attempt_at", "id"], QUEUED)
    op.drop_column("delivery", "lane")
    op.drop_column("worker", "connections")
    op.execute("DELETE FROM counter WHERE name = 'claims'")
    op.drop_table("pace")
