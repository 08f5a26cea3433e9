//! Signing up, logging in, renewing and ending sessions, opening wallets.

use domain::{
    account::Account,
    commit::{Commit, Write},
    currency::CurrencyCode,
    id::{SessionId, UserId},
    identity::{Email, Login, PasswordHash, Renewal, Role, Session, User, Username, sign_up},
    refusal::Missing,
    universe::UniverseId,
};

use crate::{
    market::{Market, TRIES_MAX},
    perform::Failed,
    ports::{CommitError, HashingFailed},
};

/// What someone says who signs up. The role is never among it.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// The public name.
    pub username: Username,
    /// The private address.
    pub email: Email,
    /// The home universe.
    pub home: UniverseId,
}

/// Why there is no new user, or no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityFailed {
    /// Someone has the name.
    #[error("the user name is taken")]
    UsernameTaken,
    /// Someone has the address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The name is unknown or the password is wrong: which, is not told.
    #[error("invalid username or password")]
    WrongPassword,
    /// The session is over, or its token was used before.
    #[error("the session is over")]
    SessionOver,
    /// No hash could be made.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] Failed),
}

/// Signs a user up with a password and a role; the role never comes from input.
///
/// # Errors
/// [`Missing::Universe`], [`IdentityFailed::UsernameTaken`], [`IdentityFailed::EmailTaken`].
pub async fn register(
    market: &Market,
    wanted: SignUp,
    password: &str,
    role: Role,
) -> Result<User, IdentityFailed> {
    let home = market.rates.find(|universes| universes.get(wanted.home).cloned()).await?;
    let salt = market.entropy.bits();
    let user = User {
        id: UserId::from_bits(market.entropy.bits()),
        username: wanted.username,
        email: wanted.email,
        password_hash: market.passwords.hash(password, salt).await?,
        role,
        home: wanted.home,
        created_at: market.clock.now(),
    };
    let commit = sign_up(user.clone(), &home);
    for attempt in 0..TRIES_MAX {
        match market.store.commit(&commit).await {
            Ok(()) => return Ok(user),
            Err(CommitError::Refused(failures)) => {
                let taken = failures.iter().filter_map(|f| commit.writes().get(f.write));
                for write in taken {
                    match write {
                        Write::ReserveUsername(..) => return Err(IdentityFailed::UsernameTaken),
                        Write::ReserveEmail(..) => return Err(IdentityFailed::EmailTaken),
                        _ => {}
                    }
                }
                return Err(Failed::Busy.into());
            }
            Err(CommitError::Conflict) => market.back_off(attempt).await,
            Err(CommitError::Store(error)) => return Err(Failed::from(error).into()),
        }
    }
    Err(Failed::Busy.into())
}

/// Logs a user in.
///
/// # Errors
/// [`IdentityFailed::WrongPassword`], after the same time whether or not the name is known.
pub async fn log_in(
    market: &Market,
    login: &Login,
    password: &str,
) -> Result<(User, Session), IdentityFailed> {
    let user = market.store.user_by_login(login).await.map_err(Failed::from)?;
    let hash: Option<&PasswordHash> = user.as_ref().map(|user| &user.password_hash);
    let right = market.passwords.verify(password, hash).await;
    let user = user.filter(|_| right).ok_or(IdentityFailed::WrongPassword)?;
    let id = SessionId::from_bits(market.entropy.bits());
    let session = Session::begun(id, user.id, market.clock.now());
    let commit = Commit::of(vec![Write::PutSession(session.clone())]);
    match market.commit_try(&commit, 0).await {
        Ok(true) => Ok((user, session)),
        Ok(false) => Err(Failed::Busy.into()),
        Err(error) => Err(Failed::from(error).into()),
    }
}

/// Renews a session by its refresh token of this generation.
///
/// # Errors
/// [`IdentityFailed::SessionOver`]; a token that was used before ends its whole session.
pub async fn renew_session(
    market: &Market,
    id: SessionId,
    generation: u32,
) -> Result<(User, Session), IdentityFailed> {
    for attempt in 0..TRIES_MAX {
        let before = market.store.session(id).await.map_err(Failed::from)?;
        let before = before.ok_or(IdentityFailed::SessionOver)?;
        let (session, commit, over) = match before.present(generation, market.clock.now()) {
            Renewal::Over => return Err(IdentityFailed::SessionOver),
            Renewal::Repeat(session) => (session, None, false),
            Renewal::Rotate(next) => (next.clone(), Some(next.replacing(&before)), false),
            Renewal::Revoke(ended) => (ended.clone(), Some(ended.replacing(&before)), true),
        };
        if let Some(commit) = commit
            && !market.commit_try(&commit, attempt).await.map_err(Failed::from)?
        {
            continue;
        }
        if over {
            return Err(IdentityFailed::SessionOver);
        }
        let user = market.store.user(session.user).await.map_err(Failed::from)?;
        return Ok((user.ok_or(IdentityFailed::SessionOver)?, session));
    }
    Err(Failed::Busy.into())
}

/// Ends a session. One that is over, or never was, is no error.
///
/// # Errors
/// [`Failed::Busy`]; the store's own.
pub async fn end_session(market: &Market, id: SessionId) -> Result<(), Failed> {
    for attempt in 0..TRIES_MAX {
        let Some(before) = market.store.session(id).await?.filter(|session| !session.revoked)
        else {
            return Ok(());
        };
        if market.commit_try(&before.ended().replacing(&before), attempt).await? {
            return Ok(());
        }
    }
    Err(Failed::Busy)
}

/// Opens a wallet of the actor's; one that is there already is as good.
///
/// # Errors
/// [`Missing::Currency`]; [`Missing::User`] if the actor has no account.
pub async fn open_wallet(
    market: &Market,
    actor: UserId,
    code: CurrencyCode,
) -> Result<Account, Failed> {
    market.rates.find(|universes| universes.of_currency(code).map(|_| ())).await?;
    for attempt in 0..TRIES_MAX {
        let account = market.store.account(actor).await?.ok_or(Missing::User)?;
        if account.wallets.contains_key(&code) {
            return Ok(account);
        }
        let at = market.clock.now();
        let commit = Commit::of(vec![Write::OpenWallet { user: actor, code, at }]);
        if market.commit_try(&commit, attempt).await? {
            return Ok(market.store.account(actor).await?.ok_or(Missing::User)?);
        }
    }
    Err(Failed::Busy)
}
