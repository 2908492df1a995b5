"""Pages for people: sign-in, errors, the way to the first page. Their routers are joined here."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Form, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

from api import (
    page_socket,
    pages_attempts,
    pages_comparison,
    pages_fleet,
    pages_logs,
    pages_onboarding,
    pages_reference,
    pages_results,
    pages_scans,
    pages_steer,
    pages_tenants,
)
from api.dependencies import Wired
from api.errors import Problem, TooManyTries, WrongCredentials
from api.login import clear_session_cookie, set_session_cookie, sign_in, sign_out
from api.rendering import fragment, page, wants_fragment

HOME = "/msp/cspm/scans"
STATIC = "/static"
UPLOAD_PATH = pages_tenants.PATH  # its form may bring an evidence pack

router = APIRouter(include_in_schema=False)
router.include_router(pages_scans.router)
router.include_router(pages_results.router)
router.include_router(pages_attempts.router)
router.include_router(pages_comparison.router)
router.include_router(pages_logs.router)
router.include_router(pages_steer.router)
router.include_router(pages_tenants.router)
router.include_router(pages_onboarding.router)
router.include_router(pages_fleet.router)
router.include_router(pages_reference.router)


def install(app: FastAPI) -> None:
    app.state.error_page = error_page
    app.include_router(router)
    app.include_router(page_socket.router)
    app.mount(STATIC, _Revalidated(packages=[("ui", "static")]))


class _Revalidated(StaticFiles):
    """Asked for again each time and answered with 304: a new version is seen at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


@router.get("/")
@router.get("/msp")
@router.get("/msp/cspm")
async def home() -> RedirectResponse:
    return RedirectResponse(HOME, 303)


@router.get("/login")
async def login_page(request: Request, next: str = "") -> Response:
    return page(request, "login.html", sentence="", username="", next=own_path(next))


@router.post("/login")
async def login(
    request: Request,
    services: Wired,
    username: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    try:
        _, secret = await sign_in(services, request, username=username, password=password)
    except (WrongCredentials, TooManyTries) as refusal:
        return page(
            request,
            "login.html",
            status_code=refusal.status,
            sentence=str(refusal),
            username=username,
            next=own_path(next),
        )
    response = RedirectResponse(own_path(next), 303)
    set_session_cookie(services, response, secret)
    return response


@router.post("/logout")
async def logout(request: Request, services: Wired) -> Response:
    await sign_out(services, request)
    response = RedirectResponse("/login", 303)
    clear_session_cookie(services, response)
    return response


def own_path(wanted: str) -> str:
    """Only a path on this host: a sign-in must not lead to somebody else's page."""
    parts = urlsplit(wanted)
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    clean = not any(character < " " or character == "\\" for character in wanted)
    return wanted if is_ours and clean and not parts.netloc else HOME


_TITLES = {
    401: "Sign in first",
    403: "This is not allowed",
    404: "There is nothing here",
    405: "This is not possible here",
    409: "This cannot be done now",
    413: "The file is too large",
    422: "This cannot be read",
    429: "Too much at once",
    500: "Something went wrong on our side",
    503: "A service does not answer",
}


# What the framework says by itself, as whole sentences.
_SENTENCES = {
    "Not Found": "The address is wrong, or what it named is gone or not yours to see.",
    "Method Not Allowed": "This address does not take that kind of request.",
}


def error_page(request: Request, problem: Problem) -> Response:
    """The refusal in the design of the pages; a fragment of it for htmx."""
    sentence = _SENTENCES.get(problem.detail, problem.detail or "The request was not answered.")
    if wants_fragment(request):
        link = f"{HOME}/{problem.scan_id}" if problem.scan_id else ""
        return fragment(
            "parts/refusal.html",
            status_code=problem.status,
            sentence=sentence,
            link=link,
            link_text="Open the scan",
        )
    who = getattr(request.state, "who", None)
    return page(
        request,
        "error.html",
        status_code=problem.status,
        status=problem.status,
        title=_TITLES.get(problem.status, problem.title),
        sentence=sentence,
        reference=problem.instance if problem.status >= 500 else "",
        who=who.username if who else "",
    )
