//! Signing up, logging in and renewing, with passwords that are kept readable for it.

use app::identity::{
    IdentityFailed, SignUp, end_session, log_in, open_wallet, register, renew_session,
};
use domain::{
    identity::{Login, Role, User},
    time::Span,
};

use super::shared;
use crate::{
    builders::{Fair, earth, market_with, mars, on_this_thread, trader},
    memory::MemoryStore,
};

fn signing_up(name: &str) -> SignUp {
    let User { username, email, .. } = trader(name);
    SignUp { username, email, home: earth().id }
}

async fn joined(fair: &Fair, name: &str) -> User {
    let user = register(&fair.market, signing_up(name), "correct horse", Role::Trader).await;
    user.expect("a new name")
}

#[test]
fn a_user_logs_in_by_name_or_address_with_the_right_password_only() {
    on_this_thread(async {
        let fair = market_with(shared(&MemoryStore::new())).await;
        let john = joined(&fair, "john").await;
        let logins = [Login::Username(john.username.clone()), Login::Email(john.email.clone())];
        for login in logins {
            let (user, session) =
                log_in(&fair.market, &login, "correct horse").await.expect("his own");
            assert_eq!((&user, session.user, session.generation), (&john, john.id, 1));
            let wrong = log_in(&fair.market, &login, "correct hors").await;
            assert_eq!(wrong, Err(IdentityFailed::WrongPassword));
        }
        let unknown = Login::Username(trader("jane").username);
        let wrong = log_in(&fair.market, &unknown, "correct horse").await;
        assert_eq!(wrong, Err(IdentityFailed::WrongPassword));
    });
}

#[test]
fn a_name_and_an_address_are_taken_once() {
    on_this_thread(async {
        let fair = market_with(shared(&MemoryStore::new())).await;
        joined(&fair, "john").await;
        let same_name = SignUp { email: trader("jane").email, ..signing_up("john") };
        let taken = register(&fair.market, same_name, "x", Role::Trader).await;
        assert_eq!(taken, Err(IdentityFailed::UsernameTaken));
        let same_address = SignUp { email: trader("john").email, ..signing_up("jane") };
        let taken = register(&fair.market, same_address, "x", Role::Trader).await;
        assert_eq!(taken, Err(IdentityFailed::EmailTaken));
        joined(&fair, "jane").await;
    });
}

#[test]
fn a_refresh_token_that_is_used_twice_ends_its_session() {
    on_this_thread(async {
        let fair = market_with(shared(&MemoryStore::new())).await;
        let john = joined(&fair, "john").await;
        let login = Login::Username(john.username.clone());
        let (_, first) = log_in(&fair.market, &login, "correct horse").await.expect("his own");
        let renew = |generation| renew_session(&fair.market, first.id, generation);
        let (_, second) = renew(1).await.expect("the newest token");
        assert_eq!(second.generation, 2);
        fair.clock.advance(Span::seconds(10));
        assert_eq!(renew(1).await.map(|(_, session)| session), Ok(second));
        fair.clock.advance(Span::millis(1));
        assert_eq!(renew(1).await, Err(IdentityFailed::SessionOver));
        assert_eq!(renew(2).await, Err(IdentityFailed::SessionOver));
    });
}

#[test]
fn an_ended_session_is_not_renewed() {
    on_this_thread(async {
        let fair = market_with(shared(&MemoryStore::new())).await;
        let john = joined(&fair, "john").await;
        let login = Login::Email(john.email.clone());
        let (_, session) = log_in(&fair.market, &login, "correct horse").await.expect("his own");
        for _ in 0..2 {
            assert_eq!(end_session(&fair.market, session.id).await, Ok(()));
        }
        let renewed = renew_session(&fair.market, session.id, 1).await;
        assert_eq!(renewed, Err(IdentityFailed::SessionOver));
    });
}

#[test]
fn a_wallet_is_opened_once_and_opening_it_again_is_no_error() {
    on_this_thread(async {
        let fair = market_with(shared(&MemoryStore::new())).await;
        let john = joined(&fair, "john").await;
        let code = mars().currency.code;
        let account = open_wallet(&fair.market, john.id, code).await.expect("Mars");
        assert!(account.wallets.contains_key(&code));
        let again = open_wallet(&fair.market, john.id, code).await;
        assert_eq!(again, Ok(account));
    });
}
