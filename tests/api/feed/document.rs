//! The AsyncAPI document as a judge of messages: each is exactly one of those that it describes.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// The document.
pub(crate) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| functions::feed::description::document("0.0.0"));

static MESSAGES: LazyLock<Vec<(String, Validator)>> = LazyLock::new(|| {
    let components = &DOCUMENT["components"];
    let messages = components["messages"].as_object().expect("messages");
    let judge = |name: &String| {
        let payload = format!("#/components/messages/{name}/payload");
        let schema = json!({"$ref": payload, "components": components});
        (name.clone(), jsonschema::validator_for(&schema).expect("a schema"))
    };
    messages.keys().map(judge).collect()
});

/// The name in the document of a message; fails if it is none of them, or several.
#[track_caller]
pub(crate) fn name_of(message: &Value) -> &'static str {
    let told = MESSAGES.iter().filter(|(name, _)| name != "request");
    let fits: Vec<_> = told.filter(|(_, judge)| judge.is_valid(message)).collect();
    match fits[..] {
        [(name, _)] => name,
        [] => panic!("{message} is not in the document: {}", reason(message)),
        _ => panic!("{message} is several: {:?}", fits.iter().map(|fit| &fit.0)),
    }
}

/// What is wrong with a message as one of its own channel or type.
fn reason(message: &Value) -> String {
    let words = ["channel", "type", "event"].map(|word| message[word].as_str().unwrap_or("?"));
    let meant = MESSAGES.iter().filter(|(name, _)| words.contains(&name.as_str()));
    let faults = meant.flat_map(|(_, judge)| judge.iter_errors(message));
    faults.map(|fault| format!("{fault}; ")).collect()
}

/// Whether a client may say this.
pub(crate) fn is_request(message: &Value) -> bool {
    let request = MESSAGES.iter().find(|(name, _)| name == "request");
    request.expect("a request").1.is_valid(message)
}
