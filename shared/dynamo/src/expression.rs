//! Expressions: their attribute names stand in them as `#name`, so that no reserved word and no
//! value is ever part of their text. What they say, their authors know.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::rows::Row;

/// The attribute names that texts refer to: `#stock` is `stock`, `#available.#USD` two names.
pub(crate) fn names<'a>(
    texts: impl IntoIterator<Item = &'a str>,
) -> Option<HashMap<String, String>> {
    let in_text = |text: &'a str| text.split('#').skip(1).map(word);
    let names: HashMap<_, _> = texts
        .into_iter()
        .flat_map(in_text)
        .map(|name| (format!("#{name}"), name.to_owned()))
        .collect();
    Some(names).filter(|names| !names.is_empty())
}

fn word(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    &text[..end.unwrap_or(text.len())]
}

/// Values under their placeholders, as `:quantity`.
pub(crate) fn values<const N: usize>(values: [(&str, AttributeValue); N]) -> Row {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_of_an_expression_is_found_once() {
        let texts = ["#available.#USD >= :debit", "if_not_exists(#last_entry, :zero)+#available"];
        let mut found: Vec<_> = names(texts).expect("names").into_iter().collect();
        found.sort();
        let pair = |name: &str| (format!("#{name}"), name.to_owned());
        assert_eq!(found, ["USD", "available", "last_entry"].map(pair));
    }

    #[test]
    fn an_expression_without_names_has_none() {
        assert_eq!(names([":one = :two"]), None);
    }
}
