//! Which endpoint answers a path and a method: for programs that hold many of them.

use bytes::Bytes;
use http::{Request, Response, header};

use crate::{
    context::Context,
    dispatch::{answer, method_not_allowed, not_found, refuse},
    endpoint::Endpoint,
};

/// All endpoints of a program.
pub struct Router {
    paths: matchit::Router<Vec<&'static Endpoint>>,
}

/// Two endpoints claim one path, or a path is malformed. It is always a bug of ours.
#[derive(Debug, thiserror::Error)]
#[error("the endpoints cannot be routed: {0}")]
pub struct Unroutable(String);

impl Router {
    /// A router over these endpoints.
    ///
    /// # Errors
    /// [`Unroutable`] if two of them answer the same method and path.
    pub fn new(endpoints: &'static [&'static Endpoint]) -> Result<Self, Unroutable> {
        let mut grouped: Vec<(&str, Vec<&'static Endpoint>)> = Vec::new();
        for endpoint in endpoints {
            for path in endpoint.paths {
                match grouped.iter_mut().find(|(known, _)| known == path) {
                    Some((_, same)) if same.iter().any(|e| e.method == endpoint.method) => {
                        return Err(Unroutable(format!("{} {path}", endpoint.stem)));
                    }
                    Some((_, same)) => same.push(endpoint),
                    None => grouped.push((path, vec![endpoint])),
                }
            }
        }
        let mut paths = matchit::Router::new();
        for (path, endpoints) in grouped {
            paths.insert(path, endpoints).map_err(|error| Unroutable(error.to_string()))?;
        }
        Ok(Self { paths })
    }

    /// The endpoint that a request is for; `None`: there is none.
    #[must_use]
    pub fn endpoint(&self, method: &str, path: &str) -> Option<&'static Endpoint> {
        let found = self.paths.at(path).ok()?;
        found.value.iter().copied().find(|endpoint| endpoint.method.as_str() == method)
    }

    /// Answers a request by the endpoint that it is for.
    pub async fn answer(&self, context: &Context, request: Request<Bytes>) -> Response<Bytes> {
        let Ok(found) = self.paths.at(request.uri().path()) else {
            return refuse(context, request.headers(), not_found());
        };
        let method = request.method().as_str();
        match found.value.iter().find(|endpoint| endpoint.method.as_str() == method) {
            Some(endpoint) => answer(context, endpoint, request).await,
            None => {
                let allowed: Vec<_> = found.value.iter().map(|e| e.method.as_str()).collect();
                let mut response = refuse(context, request.headers(), method_not_allowed());
                if let Ok(allowed) = allowed.join(", ").parse() {
                    response.headers_mut().insert(header::ALLOW, allowed);
                }
                response
            }
        }
    }
}
