//! Who is in the network: whoever uses the cache, if there is one, and nobody who needs anything
//! that cannot be reached from there.

use edge::uses::{self, Service};
use serde_json::{Value, json};

use super::{expected, found};

#[test]
fn who_uses_the_cache_is_in_its_network_and_nobody_else_is() {
    let network = json!({"Fn::If": [
        "HasCache",
        {
            "SecurityGroupIds": [{"Ref": "FunctionSecurityGroupId"}],
            "SubnetIds": {"Fn::Split": [",", {"Ref": "SubnetIds"}]},
        },
        {"Ref": "AWS::NoValue"},
    ]});
    for function in found() {
        let inside = function.expected().services().contains(&Service::Cache);
        let expected = if inside { network.clone() } else { Value::Null };
        assert_eq!(function.properties["VpcConfig"], expected, "{}", function.stem);
    }
}

/// From the network there is a way to the store and to the cache, and nowhere else.
#[test]
fn who_is_in_the_network_needs_nothing_but_the_store_and_the_cache() {
    for function in expected() {
        let services = function.services();
        if services.contains(&Service::Cache) {
            assert_eq!(services, [Service::Cache], "{}", function.stem);
            let outside = [uses::WEBHOOK_SENDER, uses::VENUE_CONNECTOR, uses::VENUE_FEEDS];
            let leaves = outside.iter().any(|using| function.uses.contains(using));
            assert!(!leaves, "{}", function.stem);
        }
    }
}
