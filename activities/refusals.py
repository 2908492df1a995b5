"""What an activity says when the database fails it: a sentence, where a trace would not fit."""

from typing import Any

from sqlalchemy.exc import OperationalError, SQLAlchemyError
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

_LONGEST = 200


class DatabaseErrors(Interceptor):
    """Tried again as it would be without this; who looks at the scan reads why."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Inbound(next)


class _Inbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await self.next.execute_activity(input)
        except SQLAlchemyError as error:
            raise ApplicationError(_sentence(error), type=type(error).__name__) from None


def _sentence(error: SQLAlchemyError) -> str:
    """The driver's words only where they are about the server: others may name what was stored."""
    if isinstance(error, OperationalError):
        return f"The database refuses: {str(error.orig).splitlines()[0][:_LONGEST]}"
    return f"The database refuses: {type(error).__name__}"
