"""Signing in and out."""

from http import HTTPStatus

from fastapi import APIRouter

from api.dependencies import Context, CurrentActor
from api.v1.accounts.schemas import AccountAnswer, AccountRequest, PasswordChange, SignInRequest, TokenAnswer, WhoAmI
from service.accounts.manage_accounts import NewAccount, add_account, change_password
from service.accounts.sign_in import sign_in

router = APIRouter(tags=["accounts"])


@router.post("/tokens", status_code=HTTPStatus.CREATED)
def create_token(request: SignInRequest, context: Context) -> TokenAnswer:
    """Sign in with name and password."""
    signed_in = sign_in(context, request.username, request.password)
    return TokenAnswer(access_token=signed_in.token, expires_at=signed_in.expires_at)


@router.get("/me")
def who_am_i(actor: CurrentActor) -> WhoAmI:
    """Tell whose token this is."""
    return WhoAmI(username=actor.name, role=str(actor.role))


@router.put("/me/password", status_code=HTTPStatus.NO_CONTENT)
def replace_password(request: PasswordChange, context: Context, actor: CurrentActor) -> None:
    """Change one's own password; every token ends."""
    change_password(context, old=request.old, new=request.new, actor=actor)


@router.post("/accounts", status_code=HTTPStatus.CREATED)
def create_account(request: AccountRequest, context: Context, actor: CurrentActor) -> AccountAnswer:
    """Add an account at or below one's own agency."""
    new = NewAccount(request.username, request.password, request.role, request.agency, request.officer)
    return AccountAnswer(id=add_account(context, new, actor=actor))
