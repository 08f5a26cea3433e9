//! Cursors: no text gives a position unless we sealed it, and what we sealed opens where it was
//! sealed for and nowhere else.

use edge::{
    auth::{TOKEN_BYTES_MAX, cursor_seal::open, cursor_seal::seal},
    call::Call,
};

use crate::{
    floor::{Floor, secrets},
    input::{Input, text},
    tokens::mutated,
};

/// A line of a context, a line of a position, and the rest: a cursor, and what is done to one.
pub fn cursors(data: &[u8]) {
    let mut input = Input::new(data);
    let (context, position) = (input.line(), input.line());
    let rest = input.rest();
    let (Some(context), Some(position)) = (text(context), text(position)) else { return };
    let secrets = secrets();
    if let Some(made_up) = text(rest) {
        never_made_up(context, made_up);
    }
    let cursor = seal(&secrets, context, position);
    let fits = cursor.len() <= TOKEN_BYTES_MAX;
    assert_eq!(open(&secrets, context, &cursor).ok(), fits.then(|| position.to_owned()));
    let elsewhere = format!("{context}\n");
    assert!(open(&secrets, &elsewhere, &cursor).is_err(), "it opens elsewhere");
    let changed = mutated(cursor.as_bytes(), Input::new(rest));
    if let Some(changed) = text(&changed).filter(|changed| *changed != cursor) {
        assert!(open(&secrets, context, changed).is_err(), "changed, and open: {changed:?}");
    }
}

/// A text that opens is the very one that sealing its position makes; and so in a list's query.
fn never_made_up(context: &str, cursor: &str) {
    let secrets = secrets();
    if let Ok(position) = open(&secrets, context, cursor) {
        assert_eq!(seal(&secrets, context, &position), cursor, "a second spelling");
    }
    thread_local! {
        static FLOOR: Floor = Floor::open();
    }
    let call = Call {
        stem: "list-items",
        request_id: String::new(),
        principal: None,
        path: context.to_owned(),
        parameters: Vec::new(),
        query: vec![("cursor".to_owned(), cursor.to_owned())],
        idempotency_key: None,
        if_match: None,
        if_none_match: None,
        signature: None,
        body: bytes::Bytes::new(),
    };
    FLOOR.with(|floor| match floor.context.cursor(&call) {
        Ok(place) => {
            let again = floor.context.next_cursor(&call, place);
            assert_eq!(again.as_deref(), Some(cursor), "a place that was never given");
        }
        Err(problem) => assert_eq!((problem.status, problem.code), (422, "validation_failed")),
    });
}
