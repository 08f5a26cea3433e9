//! `GET /redoc`: the documentation to read, by ReDoc. What it shows is the document at
//! `/openapi.json`; it loads nothing from any other host.

use edge::{
    endpoint::{Endpoint, Method},
    reply::Reply,
};

use crate::{docs::page, get_asset::REDOC};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("redoc", Method::Get, &["/redoc"], |_, _| Box::pin(async { Ok(redoc()) }))
        .described("Documentation", "These endpoints, to read (ReDoc)");

/// ReDoc makes its styles while it runs, and searches in a worker made from a blob.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; worker-src blob:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn redoc() -> Reply {
    let body = format!(
        "<redoc spec-url=\"openapi.json\"></redoc>\n<script src=\"assets/{}\"></script>",
        REDOC.name(),
    );
    page(POLICY, "<style>body { margin: 0 }</style>", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_redoc_from_here_only() {
        let reply = redoc();
        crate::docs::tests::check(&reply, 2);
        let html = std::str::from_utf8(&reply.body).expect("UTF-8");
        assert!(html.contains(&format!("<script src=\"assets/{}\">", REDOC.name())), "{html}");
    }
}
