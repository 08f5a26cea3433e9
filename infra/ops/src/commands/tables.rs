//! `tables`: makes what is missing, and compares what is there with its declaration.

use aws_sdk_dynamodb::{
    operation::describe_table::DescribeTableError,
    types::{
        BillingMode, KeySchemaElement, KeyType, ProjectionType, StreamViewType, TableDescription,
        TimeToLiveDescription, TimeToLiveStatus,
    },
};
use dynamo::{
    Streams, create_missing_tables,
    schema::{Images, Projection, TABLES, Table},
};
use serde_json::json;

use crate::{
    failure::{Failure, service},
    report::{Report, table},
    session::Session,
};

/// A table as the service describes it; `None`: it is not there.
///
/// # Errors
/// The service's.
pub async fn described(
    session: &Session,
    table: &Table,
) -> Result<Option<TableDescription>, Failure> {
    let name = session.tables.of(table);
    match session.dynamodb.describe_table().table_name(name).send().await {
        Ok(described) => Ok(described.table),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(DescribeTableError::is_resource_not_found_exception) =>
        {
            Ok(None)
        }
        Err(error) => Err(service("a table cannot be described")(error)),
    }
}

/// When rows of a table expire.
///
/// # Errors
/// The service's.
pub async fn expiry(
    session: &Session,
    table: &Table,
) -> Result<Option<TimeToLiveDescription>, Failure> {
    let name = session.tables.of(table);
    let described = session.dynamodb.describe_time_to_live().table_name(name).send().await;
    Ok(described.map_err(service("an expiry cannot be described"))?.time_to_live_description)
}

/// Compares every table with its declaration.
///
/// # Errors
/// The service's.
pub async fn verify(session: &Session) -> Result<Report, Failure> {
    let mut found = Vec::new();
    for declared in TABLES {
        let name = session.tables.of(declared);
        let differences = match described(session, declared).await? {
            None => vec!["is not there".to_owned()],
            Some(description) => {
                differences(declared, &description, expiry(session, declared).await?.as_ref())
            }
        };
        found.extend(differences.into_iter().map(|difference| [name.clone(), difference]));
    }
    let list: Vec<_> = found
        .iter()
        .map(|[name, difference]| json!({"table": name, "difference": difference}))
        .collect();
    let fine = found.is_empty();
    let text = if fine {
        format!("{} tables are as they are declared.", TABLES.len())
    } else {
        let first = "First step: deploy the data stack; in an emulator, `tables create --yes`.";
        format!("{}{first}", table(["table", "difference"], &found))
    };
    Ok(Report { text, json: json!({"tables": TABLES.len(), "differences": list}), fine })
}

/// Makes what is missing.
///
/// # Errors
/// The service's.
pub async fn create(session: &Session, yes: bool) -> Result<Report, Failure> {
    let mut missing = Vec::new();
    for declared in TABLES {
        if described(session, declared).await?.is_none() {
            missing.push(session.tables.of(declared));
        }
    }
    let json = json!({"missing": missing});
    let list = if missing.is_empty() { "none".to_owned() } else { missing.join(", ") };
    let text = format!("Tables that are missing: {list}");
    if !yes {
        return Ok(Report::fine(text, json).dry_run());
    }
    create_missing_tables(&session.dynamodb, &session.tables, Streams::Declared).await?;
    Ok(Report::fine(format!("{text}\nAll tables are there."), json))
}

/// What of a table is not as declared.
#[must_use]
pub fn differences(
    declared: &Table,
    described: &TableDescription,
    expiry: Option<&TimeToLiveDescription>,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut differs = |what: &str, declared: String, is: String| {
        if declared != is {
            found.push(format!("{what}: declared {declared}, is {is}"));
        }
    };
    let keys = |partition: &str, sort: Option<&str>| match sort {
        Some(sort) => format!("{partition}+{sort}"),
        None => partition.to_owned(),
    };
    differs("keys", keys(declared.partition, declared.sort), key_text(described.key_schema()));
    let billing = described.billing_mode_summary().and_then(|billing| billing.billing_mode());
    // Emulators may say nothing of what is the declared way.
    let on_demand = billing.is_none_or(|mode| *mode == BillingMode::PayPerRequest);
    differs(
        "billing",
        "on demand".to_owned(),
        if on_demand { "on demand" } else { "provisioned" }.to_owned(),
    );
    let stream = described.stream_specification().filter(|stream| stream.stream_enabled());
    let view = stream.and_then(|stream| stream.stream_view_type());
    differs("stream", stream_text(declared.stream), view_text(view));
    let expires = expiry.filter(|expiry| {
        matches!(
            expiry.time_to_live_status(),
            Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
        )
    });
    let expires = expires.and_then(|expiry| expiry.attribute_name()).unwrap_or("none");
    differs("expiry", declared.expires.unwrap_or("none").to_owned(), expires.to_owned());
    let there = described.global_secondary_indexes();
    for index in declared.indexes {
        let is = there.iter().find(|it| it.index_name() == Some(index.name));
        let projection = match index.projection {
            Projection::Keys => "keys",
            Projection::Everything => "everything",
        };
        let wanted = format!("{} with {projection}", keys(index.partition, Some(index.sort)));
        let is = is.map_or("not there".to_owned(), |is| {
            let projected = is.projection().and_then(|it| it.projection_type());
            let projected = match projected {
                Some(ProjectionType::KeysOnly) => "keys",
                Some(ProjectionType::All) => "everything",
                _ => "some attributes",
            };
            format!("{} with {projected}", key_text(is.key_schema()))
        });
        differs(&format!("index {}", index.name), wanted, is);
    }
    for name in there.iter().filter_map(|it| it.index_name()) {
        if !declared.indexes.iter().any(|index| index.name == name) {
            differs(&format!("index {name}"), "not there".to_owned(), "there".to_owned());
        }
    }
    found
}

fn key_text(schema: &[KeySchemaElement]) -> String {
    let of = |kind: KeyType| {
        let element = schema.iter().find(move |element| *element.key_type() == kind);
        element.map(KeySchemaElement::attribute_name)
    };
    let names: Vec<_> = [KeyType::Hash, KeyType::Range].into_iter().filter_map(of).collect();
    names.join("+")
}

fn stream_text(images: Option<Images>) -> String {
    match images {
        None => "none",
        Some(Images::New) => "new images",
        Some(Images::NewAndOld) => "new and old images",
    }
    .to_owned()
}

fn view_text(view: Option<&StreamViewType>) -> String {
    match view {
        None => "none",
        Some(StreamViewType::NewImage) => "new images",
        Some(StreamViewType::NewAndOldImages) => "new and old images",
        Some(_) => "other images",
    }
    .to_owned()
}
