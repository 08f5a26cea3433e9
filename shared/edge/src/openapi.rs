//! The OpenAPI 3.1 document, made from the endpoints and their types.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ComponentsBuilder, Content, Info, OpenApi, OpenApiBuilder, PathsBuilder, Ref, RefOr,
        Required, Response, ResponseBuilder, Schema, SecurityRequirement,
        path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{
    auth::scopes::Scope,
    dispatch::IDEMPOTENCY_REPLAYED,
    endpoint::{Access, Endpoint, Idempotency, Method},
    problem::{PROBLEM_JSON, ProblemBody},
    reply::JSON,
};

const BEARER: &str = "bearer";
/// The headers of a request that a venue signs.
const SIGNATURE: [(&str, &str); 3] = [
    ("X-Venue-Timestamp", "when it was sent: milliseconds since 1970"),
    ("X-Venue-Nonce", "32 hexadecimal digits, never used twice"),
    ("X-Venue-Signature", "`v1=` and the HMAC-SHA256 of `timestamp.nonce.METHOD.target.body`"),
];

/// The document of these endpoints.
#[must_use]
pub fn document(endpoints: &[&Endpoint], version: &str) -> OpenApi {
    let mut schemas = Vec::new();
    ProblemBody::schemas(&mut schemas);
    schemas.push((ProblemBody::name().into_owned(), ProblemBody::schema()));
    let mut paths = PathsBuilder::new().build();
    for endpoint in endpoints {
        for (index, path) in endpoint.paths.iter().enumerate() {
            let operation = operation(endpoint, path, index, &mut schemas);
            paths.add_path_operation(path, vec![http_method(endpoint.method)], operation);
        }
    }
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The access_token of POST /api/v1/auth/login"))
        .build();
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme(BEARER, SecurityScheme::Http(scheme))
        .build();
    let mut info = Info::new("Multiverse Market", version);
    info.description = Some(ABOUT.to_owned());
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build()
}

const ABOUT: &str = "A marketplace and exchange across parallel universes, each with its own \
    currency. Amounts are decimal strings. A POST that moves money needs an Idempotency-Key: \
    the same key and body always give the same answer, and one effect at most.";

fn http_method(method: Method) -> HttpMethod {
    match method {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
        Method::Put => HttpMethod::Put,
        Method::Patch => HttpMethod::Patch,
        Method::Delete => HttpMethod::Delete,
    }
}

fn operation(
    endpoint: &Endpoint,
    path: &str,
    index: usize,
    schemas: &mut Vec<(String, RefOr<Schema>)>,
) -> Operation {
    let id = match index {
        0 => endpoint.stem.to_owned(),
        alias => format!("{}-alias-{alias}", endpoint.stem),
    };
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id))
        .tag(endpoint.group)
        .summary(Some(endpoint.summary))
        .responses(responses(endpoint, schemas));
    for name in path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}')) {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(String::schema()));
        operation = operation.parameter(parameter);
    }
    for known in endpoint.query {
        let parameter = ParameterBuilder::new()
            .name(known.name)
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(known.meaning))
            .schema(Some(String::schema()));
        operation = operation.parameter(parameter);
    }
    if endpoint.idempotency != Idempotency::None {
        let required = endpoint.idempotency == Idempotency::Required;
        let parameter = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(if required { Required::True } else { Required::False })
            .description(Some("1 to 255 printable characters, used for one request only"))
            .schema(Some(String::schema()));
        operation = operation.parameter(parameter);
    }
    if endpoint.versioned {
        let parameter = ParameterBuilder::new()
            .name("If-Match")
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some("the ETag of the version that is meant, or * for any"))
            .schema(Some(String::schema()));
        operation = operation.parameter(parameter);
    }
    for (name, meaning) in SIGNATURE.into_iter().filter(|_| endpoint.signed) {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some(meaning))
            .schema(Some(String::schema()));
        operation = operation.parameter(parameter);
    }
    if let Some(body) = endpoint.body {
        let content = Content::new(Some(body(schemas)));
        let body = RequestBodyBuilder::new().content(JSON, content).required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    let bearer = |scope: Scope| SecurityRequirement::new(BEARER, [scope.as_str()]);
    operation = match endpoint.access {
        Access::Public => operation,
        Access::Optional => operation
            .security(SecurityRequirement::default())
            .security(SecurityRequirement::new(BEARER, [""; 0])),
        Access::Needs(scope) => operation.security(bearer(scope)),
    };
    operation.build()
}

fn responses(
    endpoint: &Endpoint,
    schemas: &mut Vec<(String, RefOr<Schema>)>,
) -> utoipa::openapi::Responses {
    let (status, schema) = endpoint.success;
    let mut success = ResponseBuilder::new().description("Done");
    if let Some(schema) = schema {
        success = success.content(JSON, Content::new(Some(schema(schemas))));
    }
    if endpoint.idempotency != Idempotency::None {
        let text = "true if the answer was given before under the same key";
        let header = utoipa::openapi::header::HeaderBuilder::new()
            .schema(Some(String::schema()))
            .description(Some(text))
            .build();
        success = success.header(IDEMPOTENCY_REPLAYED.as_str(), header);
    }
    let failure = endpoint.failure.map(|schema| schema(schemas));
    let problem = |description: &str| problem(description, failure.clone());
    let mut all = utoipa::openapi::ResponsesBuilder::new()
        .response(status.to_string(), success.build())
        .response("default", problem("See `code`; `retryable` says whether to try again"));
    let keyed = endpoint.idempotency != Idempotency::None;
    let named = endpoint.path().contains('{');
    let parsed = endpoint.body.is_some() || named || !endpoint.query.is_empty();
    let documented = [
        (400, keyed || endpoint.body.is_some(), "Malformed, or insufficient funds or stock"),
        (401, endpoint.access != Access::Public, "No access token, or not a valid one"),
        (401, endpoint.signed, "Not signed by the venue, or sent before"),
        (403, matches!(endpoint.access, Access::Needs(_)), "The access token lacks the scope"),
        (404, named, "Unknown, or not the caller's to know of"),
        (409, keyed, "A rule forbids it as things stand; see `code`"),
        (422, parsed, "A field is not as it must be: see `errors`"),
    ];
    for (status, _, text) in documented.into_iter().filter(|(_, applies, _)| *applies) {
        all = all.response(status.to_string(), problem(text));
    }
    all.build()
}

/// A problem; or a failure in another shape, if the handler has one.
fn problem(description: &str, failure: Option<RefOr<Schema>>) -> Response {
    let schema = Ref::from_schema_name(ProblemBody::name());
    let response = ResponseBuilder::new()
        .description(description)
        .content(PROBLEM_JSON, Content::new(Some(schema)));
    match failure {
        Some(schema) => response.content(JSON, Content::new(Some(schema))).build(),
        None => response.build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_market_has_a_valid_document() {
        let text = document(&[], "1.0").to_json().expect("serialises");
        assert!(text.contains("\"openapi\":\"3.1.0\""), "{text}");
    }
}
