"""Activities that wait for collectors elsewhere; whether such a collector has ended."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "remote_wait",
        sa.Column("scan_id", sa.String(length=36), nullable=False),
        sa.Column("service", sa.String(length=20), nullable=False),
        sa.Column("until", sa.String(length=20), nullable=False),
        sa.Column("task_token", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("scan_id", "service"),
    )
    with op.batch_alter_table("remote_run") as table:
        table.add_column(
            sa.Column("ended", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    with op.batch_alter_table("remote_run") as table:
        table.drop_column("ended")
    op.drop_table("remote_wait")
