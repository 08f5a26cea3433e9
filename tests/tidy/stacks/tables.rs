//! The tables are those of the code, and each is kept as what cannot be made again.

use std::collections::BTreeSet;

use dynamo::schema::{Images, Projection, TABLES, Table};
use serde_json::{Value, json};

use super::{pascal, stack, template::template, text};

fn keys(partition: &str, sort: Option<&str>) -> Value {
    let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    let sort = sort.map(|sort| key(sort, "RANGE"));
    std::iter::once(key(partition, "HASH")).chain(sort).collect()
}

/// What a table of the code looks like in a template.
fn described(table: &Table) -> Value {
    let attribute = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    let attributes: Value = table.key_attributes().into_iter().map(attribute).collect();
    let index = |index: &dynamo::schema::Index| {
        let kind = match index.projection {
            Projection::Keys => "KEYS_ONLY",
            Projection::Everything => "ALL",
        };
        json!({
            "IndexName": index.name,
            "KeySchema": keys(index.partition, Some(index.sort)),
            "Projection": {"ProjectionType": kind},
        })
    };
    let mut all = json!({
        "TableName": {"Fn::Sub": format!("${{Market}}-{}", table.stem)},
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": true,
        "AttributeDefinitions": attributes,
        "KeySchema": keys(table.partition, table.sort),
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true},
        "SSESpecification": {
            "SSEEnabled": true,
            "SSEType": "KMS",
            "KMSMasterKeyId": {"Fn::GetAtt": "Key.Arn"},
        },
    });
    if !table.indexes.is_empty() {
        all["GlobalSecondaryIndexes"] = table.indexes.iter().map(index).collect();
    }
    if let Some(images) = table.stream {
        let view = match images {
            Images::New => "NEW_IMAGE",
            Images::NewAndOld => "NEW_AND_OLD_IMAGES",
        };
        all["StreamSpecification"] = json!({"StreamViewType": view});
    }
    if let Some(expires) = table.expires {
        all["TimeToLiveSpecification"] = json!({"AttributeName": expires, "Enabled": true});
    }
    all
}

#[test]
fn the_tables_are_those_of_the_code() {
    let data = stack("data");
    let found: BTreeSet<_> =
        data.of_type("AWS::DynamoDB::Table").map(|(id, _)| id.clone()).collect();
    let id = |table: &Table| format!("{}Table", pascal(table.stem));
    assert_eq!(found, TABLES.iter().map(id).collect());
    for table in TABLES {
        assert_eq!(*data.properties(&id(table)), described(table), "{}", table.stem);
    }
}

#[test]
fn what_cannot_be_made_again_outlives_its_stack() {
    for (id, resource) in &stack("data").resources {
        if resource["Type"] == "AWS::KMS::Alias" {
            continue;
        }
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(resource[policy], "Retain", "{id}: {policy}");
        }
    }
}

#[test]
fn every_stream_is_an_output() {
    let outputs = template("infra/stacks/data.yaml")["Outputs"].take();
    let outputs = outputs.as_object().expect("outputs").iter();
    let found: BTreeSet<_> = outputs
        .filter(|(name, _)| name.ends_with("StreamArn"))
        .map(|(name, output)| (name.clone(), text(&output["Value"])))
        .collect();
    let followed = TABLES.iter().filter(|table| table.stream.is_some());
    let expected = followed.map(|table| {
        let name = pascal(table.stem);
        (format!("{name}StreamArn"), format!("${{{name}Table.StreamArn}}"))
    });
    assert_eq!(found, expected.collect());
}
