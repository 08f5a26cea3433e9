//! What things are called in a stack, and where they are at AWS.

/// `place-order` and `by_party` as `PlaceOrder` and `ByParty`.
pub(crate) fn pascal(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split(['-', '_', '$']).map(word).collect()
}

/// The ARN of something of this account, region and market, as a text for `!Sub`.
pub(crate) fn arn(service: &str, rest: &str) -> String {
    format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}")
}

/// The name of a function, as a text for `!Sub`.
pub(crate) fn function(stem: &str) -> String {
    format!("${{Market}}-{stem}")
}

/// What stands for the alias of a function.
pub(crate) fn alias(stem: &str) -> String {
    format!("{}Function.Alias", pascal(stem))
}

/// The log group that all functions of a stack share, as a text for `!Sub`.
pub(crate) fn log_group(stack: &str) -> String {
    format!("/multiverse-market/${{Market}}/{stack}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_resources_have_no_signs() {
        assert_eq!(pascal("place-order"), "PlaceOrder");
        assert_eq!(pascal("by_party"), "ByParty");
        assert_eq!(pascal("$connect"), "Connect");
    }
}
