//! `GET /docs`: the documentation to try out, by Swagger UI. What it shows is the document
//! at `/openapi.json`; it loads nothing from any other host.

use edge::{
    endpoint::{Endpoint, Method},
    reply::Reply,
};
use http::header;

use crate::get_asset::{FAVICON, SWAGGER_UI, SWAGGER_UI_INIT, SWAGGER_UI_STYLE};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("docs", Method::Get, &["/docs"], |_, _| Box::pin(async { Ok(swagger_ui()) }))
        .described("Documentation", "These endpoints, to read and to try out (Swagger UI)");

/// Its icons are pictures within its style; some of its elements have styles of their own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn swagger_ui() -> Reply {
    // Addresses are relative: behind a stage's prefix the page works as well.
    let head = format!("<link rel=\"stylesheet\" href=\"assets/{}\">", SWAGGER_UI_STYLE.name());
    let body = format!(
        "<div id=\"swagger-ui\"></div>\n\
         <script src=\"assets/{}\"></script>\n\
         <script src=\"assets/{}\"></script>",
        SWAGGER_UI.name(),
        SWAGGER_UI_INIT.name(),
    );
    page(POLICY, &head, &body)
}

/// A page with a content security policy.
pub(crate) fn page(policy: &str, head: &str, body: &str) -> Reply {
    let html = format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Multiverse Market</title>\n\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"assets/{}\">\n\
         {head}\n\
         </head>\n\
         <body>\n\
         {body}\n\
         <noscript>The document itself is at <a href=\"openapi.json\">openapi.json</a>, that of \
         the live data at <a href=\"asyncapi.json\">asyncapi.json</a>.</noscript>\n\
         </body>\n\
         </html>\n",
        FAVICON.name(),
    );
    Reply::page("text/html; charset=utf-8", html.into())
        .with(header::CONTENT_SECURITY_POLICY, policy)
        .with(header::REFERRER_POLICY, "no-referrer")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What must hold for every page, with the number of assets that it loads.
    pub(crate) fn check(reply: &Reply, loads: usize) {
        let html = std::str::from_utf8(&reply.body).expect("UTF-8");
        assert_eq!(reply.media_type, "text/html; charset=utf-8");
        assert!(html.contains("<title>Multiverse Market</title>"));
        assert!(!html.contains("//"), "no other host is named: {html}");
        assert_eq!(html.matches("<script").count(), html.matches("<script src=").count());
        assert_eq!(html.matches("\"assets/").count(), loads);
        let policy = reply.headers.iter().find(|(name, _)| name == header::CONTENT_SECURITY_POLICY);
        let policy = policy.and_then(|(_, value)| value.to_str().ok()).expect("a policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(!policy.contains("unsafe-eval") && !policy.contains('*'), "{policy}");
    }

    #[test]
    fn the_page_loads_swagger_ui_from_here_only() {
        let reply = swagger_ui();
        check(&reply, 4);
        let html = std::str::from_utf8(&reply.body).expect("UTF-8");
        for asset in [&SWAGGER_UI, &SWAGGER_UI_STYLE, &SWAGGER_UI_INIT, &FAVICON] {
            assert!(html.contains(&format!("\"assets/{}\"", asset.name())), "{html}");
        }
    }
}
