//! An endpoint as data: where it answers, who may call it, what it takes and gives.
//! Router, OpenAPI document, templates and the authorisation matrix all read it.

use std::{future::Future, pin::Pin};

use utoipa::{
    ToSchema,
    openapi::{Ref, RefOr, Schema},
};

use crate::{
    auth::scopes::Scope, call::Call, context::Context, problem::Problem, reply::Reply, uses::Use,
};

/// What a handler gives back.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send + 'a>>;
/// A handler: it translates, nothing else.
pub type Handler = for<'a> fn(&'a Context, &'a Call) -> Answering<'a>;
/// Adds a type's schemas to a document and refers to it.
pub type SchemaOf = fn(&mut Vec<(String, RefOr<Schema>)>) -> RefOr<Schema>;

/// The methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Does.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Ends.
    Delete,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everyone; an `Authorization` header is not even looked at.
    Public,
    /// Everyone; whoever sends an access token must send a good one, and may see more.
    Optional,
    /// Whoever has an access token with this scope.
    Needs(Scope),
}

/// Whether an endpoint takes an `Idempotency-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// No: the request is harmless twice, or guards itself.
    None,
    /// It may; without one, each request is one of its own.
    Optional,
    /// It must: money moves.
    Required,
}

/// A parameter in the query. All are optional, none may be repeated.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means, with its form and limits.
    pub meaning: &'static str,
}

/// The `limit` and `cursor` of every list.
pub const PAGING: [Parameter; 2] = [
    Parameter { name: "limit", meaning: "rows on the page, 1 to 100 (default 50)" },
    Parameter { name: "cursor", meaning: "`next_cursor` of the page before" },
];

/// An endpoint. Its stem names it everywhere: binary, function, event file, template.
#[derive(Clone, Copy)]
pub struct Endpoint {
    /// `buy` or `place-order`: verb first.
    pub stem: &'static str,
    /// The method.
    pub method: Method,
    /// The path, with `{parameters}`; the first is the canonical one, others are aliases.
    pub paths: &'static [&'static str],
    /// Who may call it.
    pub access: Access,
    /// Whether it takes an `Idempotency-Key`.
    pub idempotency: Idempotency,
    /// Whether it needs an `If-Match` with the version that it is meant for.
    pub versioned: bool,
    /// Whether it looks for the signature of a venue; by itself it refuses nobody for want of one.
    pub signed: bool,
    /// One line for the documentation.
    pub summary: &'static str,
    /// The group that it is shown under.
    pub group: &'static str,
    /// The query parameters that it knows; any other is refused.
    pub query: &'static [Parameter],
    /// The body that it takes.
    pub body: Option<SchemaOf>,
    /// The status of success, and the body that comes with it.
    pub success: (u16, Option<SchemaOf>),
    /// The body of a failure, if the handler has another than a problem's.
    pub failure: Option<SchemaOf>,
    /// What it needs of the world.
    pub uses: &'static [Use],
    /// Does the work.
    pub handler: Handler,
}

impl Endpoint {
    /// An endpoint for `paths`; public and without body until said otherwise.
    #[must_use]
    pub const fn new(
        stem: &'static str,
        method: Method,
        paths: &'static [&'static str],
        handler: Handler,
    ) -> Self {
        Self {
            stem,
            method,
            paths,
            access: Access::Public,
            idempotency: Idempotency::None,
            versioned: false,
            signed: false,
            summary: "",
            group: "",
            query: &[],
            body: None,
            success: (200, None),
            failure: None,
            uses: &[],
            handler,
        }
    }

    /// With a line for the documentation, in a group.
    #[must_use]
    pub const fn described(mut self, group: &'static str, summary: &'static str) -> Self {
        self.group = group;
        self.summary = summary;
        self
    }

    /// For those who have an access token with this scope.
    #[must_use]
    pub const fn needs(mut self, scope: Scope) -> Self {
        self.access = Access::Needs(scope);
        self
    }

    /// For everyone, with or without an access token.
    #[must_use]
    pub const fn knows_callers(mut self) -> Self {
        self.access = Access::Optional;
        self
    }

    /// With an `Idempotency-Key`, required or optional.
    #[must_use]
    pub const fn idempotent(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }

    /// For a version that `If-Match` names.
    #[must_use]
    pub const fn versioned(mut self) -> Self {
        self.versioned = true;
        self
    }

    /// Signed by a venue: see [`crate::venues::report`].
    #[must_use]
    pub const fn signed(mut self) -> Self {
        self.signed = true;
        self
    }

    /// With these query parameters.
    #[must_use]
    pub const fn queried(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }

    /// Takes a body of this type.
    #[must_use]
    pub const fn takes<T: ToSchema>(mut self) -> Self {
        self.body = Some(schema_of::<T>);
        self
    }

    /// Gives a body of this type with this status.
    #[must_use]
    pub const fn gives<T: ToSchema>(mut self, status: u16) -> Self {
        self.success = (status, Some(schema_of::<T>));
        self
    }

    /// Gives failures that the handler finds a body of this type.
    #[must_use]
    pub const fn fails_with<T: ToSchema>(mut self) -> Self {
        self.failure = Some(schema_of::<T>);
        self
    }

    /// Needs this of the world, and nothing else.
    #[must_use]
    pub const fn uses(mut self, uses: &'static [Use]) -> Self {
        self.uses = uses;
        self
    }

    /// The canonical path.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.paths.first().copied().unwrap_or_default()
    }
}

fn schema_of<T: ToSchema>(components: &mut Vec<(String, RefOr<Schema>)>) -> RefOr<Schema> {
    T::schemas(components);
    components.push((T::name().into_owned(), T::schema()));
    Ref::from_schema_name(T::name()).into()
}
