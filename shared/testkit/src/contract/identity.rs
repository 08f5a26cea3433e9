//! That a name and an address belong to one user, and a session has one line of generations.

use std::sync::Arc;

use app::ports::{Found, Store};
use domain::{
    commit::Write,
    id::{SessionId, UserId},
    identity::{Email, Login, PasswordHash, Role, Session, User, Username, sign_up},
    time::Timestamp,
};

use super::{
    fixtures::{ALICE, at, done, refused, refused_one},
    samples::largest_user,
};
use crate::builders::{earth, mars, trader};

async fn joined(store: &dyn Store, user: &User) {
    store.commit(&sign_up(user.clone(), &earth())).await.expect("a new user");
}

async fn by_name(store: &dyn Store, name: &Username) -> Option<User> {
    store.user_by_login(&Login::Username(name.clone())).await.expect("a read")
}

async fn by_email(store: &dyn Store, email: &Email) -> Option<User> {
    store.user_by_login(&Login::Email(email.clone())).await.expect("a read")
}

pub(super) async fn a_user_is_found_by_id_name_and_address(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let admin = User {
        password_hash: PasswordHash("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned()),
        role: Role::Admin,
        home: mars().id,
        created_at: Timestamp::from_millis(0),
        ..trader("root")
    };
    let users = [trader("john"), admin, largest_user()];
    for user in &users {
        assert_eq!(store.user(user.id).await, Ok(None));
        assert_eq!(by_name(store, &user.username).await, None);
        assert_eq!(by_email(store, &user.email).await, None);
        joined(store, user).await;
    }
    for user in &users {
        assert_eq!(store.user(user.id).await, Ok(Some(user.clone())));
        assert_eq!(by_name(store, &user.username).await.as_ref(), Some(user));
        assert_eq!(by_email(store, &user.email).await.as_ref(), Some(user));
    }
}

pub(super) async fn a_user_is_put_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let john = trader("john");
    joined(store, &john).await;
    let other = User { id: john.id, ..trader("jane") };
    assert_eq!(refused_one(store, Write::PutUser(other)).await, Found::Other);
    assert_eq!(store.user(john.id).await, Ok(Some(john)));
}

pub(super) async fn a_name_is_reserved_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let john = trader("john");
    joined(store, &john).await;
    let second = User { username: john.username.clone(), ..trader("jane") };
    let commit = sign_up(second.clone(), &earth());
    assert_eq!(refused(store, commit.writes().to_vec()).await, [(1, Found::Other)]);
    assert_eq!(store.user(second.id).await, Ok(None));
    assert_eq!(store.account(second.id).await, Ok(None));
    assert_eq!(by_name(store, &john.username).await, Some(john));
    joined(store, &trader("jane")).await;
}

pub(super) async fn an_address_is_reserved_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let john = trader("john");
    joined(store, &john).await;
    let second = User { email: john.email.clone(), ..trader("jane") };
    let commit = sign_up(second.clone(), &earth());
    assert_eq!(refused(store, commit.writes().to_vec()).await, [(2, Found::Other)]);
    assert_eq!(store.user(second.id).await, Ok(None));
    assert_eq!(store.account(second.id).await, Ok(None));
    assert_eq!(by_email(store, &john.email).await, Some(john));
    joined(store, &trader("jane")).await;
}

fn session(number: u128) -> Session {
    Session::begun(SessionId::from_bits(number), ALICE, at(0))
}

async fn put(store: &dyn Store, session: &Session) {
    done(store, vec![Write::PutSession(session.clone())]).await;
}

pub(super) async fn a_session_is_read_as_it_was_written(store: Arc<dyn Store>) {
    let store = store.as_ref();
    assert_eq!(store.session(session(1).id).await, Ok(None));
    let late = Session {
        user: UserId::from_bits(u128::MAX),
        generation: u32::MAX,
        rotated_at: at(5),
        expires_at: Timestamp::MAX,
        revoked: true,
        ..session(u128::MAX)
    };
    for written in [session(1), late] {
        put(store, &written).await;
        assert_eq!(store.session(written.id).await, Ok(Some(written)));
    }
}

pub(super) async fn a_session_is_put_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    put(store, &session(1)).await;
    let other = Session { user: UserId::from_bits(9), ..session(1) };
    assert_eq!(refused_one(store, Write::PutSession(other)).await, Found::Other);
    assert_eq!(store.session(session(1).id).await, Ok(Some(session(1))));
}

pub(super) async fn a_session_is_replaced_once_a_generation(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let second = Session { generation: 2, rotated_at: at(5), ..session(1) };
    let replacing = |rotated_at| Write::ReplaceSession {
        session: Session { rotated_at, ..second.clone() },
        generation: 1,
    };
    assert_eq!(refused_one(store, replacing(at(5))).await, Found::Nothing);
    put(store, &session(1)).await;
    done(store, vec![replacing(at(5))]).await;
    assert_eq!(store.session(second.id).await, Ok(Some(second.clone())));
    assert_eq!(refused_one(store, replacing(at(6))).await, Found::Other);
    assert_eq!(store.session(second.id).await, Ok(Some(second.clone())));
}

pub(super) async fn a_revoked_session_is_not_replaced(store: Arc<dyn Store>) {
    let store = store.as_ref();
    put(store, &session(1)).await;
    let ended = session(1).ended();
    done(store, vec![Write::ReplaceSession { session: ended.clone(), generation: 1 }]).await;
    assert_eq!(store.session(ended.id).await, Ok(Some(ended.clone())));
    let revived = Session { generation: 2, ..session(1) };
    let replacing = Write::ReplaceSession { session: revived, generation: 1 };
    assert_eq!(refused_one(store, replacing).await, Found::Other);
    assert_eq!(store.session(ended.id).await, Ok(Some(ended)));
}
