//! `GET /assets/{name}`: the files that the documentation pages load, from a closed list in
//! the program. A name contains a hash of its content, so what it names never changes.

use bytes::Bytes;
use edge::{
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
};
use http::header;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("get-asset", Method::Get, &["/assets/{name}"], |_, call| {
        Box::pin(async { find(&call.parameter::<String>("name")?) })
    })
    .described("Documentation", "A file of the documentation pages");

/// Starts Swagger UI.
pub(crate) static SWAGGER_UI_INIT: Asset = Asset {
    stem: "swagger-ui-init",
    extension: "js",
    media_type: JAVASCRIPT,
    content: Content::Plain(include_bytes!("../assets/swagger-ui-init.js")),
};
/// Swagger UI.
pub(crate) static SWAGGER_UI: Asset = Asset {
    stem: "swagger-ui-bundle",
    extension: "js",
    media_type: JAVASCRIPT,
    content: Content::Gzip(include_bytes!("../assets/swagger-ui-bundle.js.gz")),
};
/// Its style.
pub(crate) static SWAGGER_UI_STYLE: Asset = Asset {
    stem: "swagger-ui",
    extension: "css",
    media_type: "text/css; charset=utf-8",
    content: Content::Gzip(include_bytes!("../assets/swagger-ui.css.gz")),
};
/// ReDoc. It starts itself.
pub(crate) static REDOC: Asset = Asset {
    stem: "redoc.standalone",
    extension: "js",
    media_type: JAVASCRIPT,
    content: Content::Gzip(include_bytes!("../assets/redoc.standalone.js.gz")),
};
/// The icon of the pages.
pub(crate) static FAVICON: Asset = Asset {
    stem: "favicon",
    extension: "svg",
    media_type: "image/svg+xml",
    content: Content::Plain(include_bytes!("../assets/favicon.svg")),
};

static ASSETS: [&Asset; 5] = [&SWAGGER_UI_INIT, &SWAGGER_UI, &SWAGGER_UI_STYLE, &REDOC, &FAVICON];

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
/// A year: a changed file has another name.
const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";
/// A gzip file ends with the CRC-32 of what is in it and its length, four bytes each.
const GZIP_TRAILER_BYTES: usize = 8;

/// A file of the documentation pages.
pub(crate) struct Asset {
    stem: &'static str,
    extension: &'static str,
    media_type: &'static str,
    content: Content,
}

enum Content {
    Plain(&'static [u8]),
    Gzip(&'static [u8]),
}

impl Asset {
    /// Its name under `/assets/`: the CRC-32 of its content stands in it.
    pub(crate) fn name(&self) -> String {
        let hash = match self.content {
            Content::Plain(bytes) => crc32(bytes),
            Content::Gzip(bytes) => packed_crc32(bytes),
        };
        format!("{}.{hash:08x}.{}", self.stem, self.extension)
    }

    /// What is packed is sent packed, asked or not: every browser takes it, and so does
    /// `curl --compressed`. Unpacking it here would serve nobody.
    fn reply(&self) -> Reply {
        let (bytes, encoding) = match self.content {
            Content::Plain(bytes) => (bytes, None),
            Content::Gzip(bytes) => (bytes, Some("gzip")),
        };
        let reply = Reply::page(self.media_type, Bytes::from_static(bytes))
            .with(header::CACHE_CONTROL, CACHE_CONTROL);
        match encoding {
            Some(encoding) => reply.with(header::CONTENT_ENCODING, encoding),
            None => reply,
        }
    }
}

fn find(name: &str) -> Result<Reply, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.name() == name);
    asset.map(|asset| asset.reply()).ok_or_else(|| {
        Problem::refused(404, "asset_not_found", "no documentation page loads a file of this name")
    })
}

/// The CRC-32 that a gzip file keeps of what is in it; 0 for what is too short to be one.
fn packed_crc32(bytes: &[u8]) -> u32 {
    let trailer = bytes.last_chunk::<GZIP_TRAILER_BYTES>();
    let hash = trailer.and_then(|trailer| trailer.first_chunk());
    hash.map_or(0, |hash| u32::from_le_bytes(*hash))
}

/// The CRC-32 of a small file, as gzip computes it.
fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xEDB8_8320;
    let remainder = bytes.iter().fold(u32::MAX, |remainder, byte| {
        (0..8).fold(remainder ^ u32::from(*byte), |remainder, _| {
            let carry = if remainder & 1 == 1 { POLYNOMIAL } else { 0 };
            (remainder >> 1) ^ carry
        })
    });
    !remainder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_of<'a>(reply: &'a Reply, name: &header::HeaderName) -> Option<&'a str> {
        let mut headers = reply.headers.iter().filter(|(known, _)| known == name);
        headers.next().and_then(|(_, value)| value.to_str().ok())
    }

    #[test]
    fn every_asset_is_found_by_its_name_and_kept_for_ever() {
        for asset in ASSETS {
            let reply = find(&asset.name()).expect("listed");
            assert_eq!(reply.media_type, asset.media_type);
            let kept = header_of(&reply, &header::CACHE_CONTROL);
            assert_eq!(kept, Some("public, max-age=31536000, immutable"), "{}", asset.name());
        }
    }

    #[test]
    fn a_packed_asset_says_that_it_is_packed_and_a_plain_one_does_not() {
        for asset in ASSETS {
            let reply = find(&asset.name()).expect("listed");
            let packed = reply.body.starts_with(&[0x1f, 0x8b]);
            let encoding = header_of(&reply, &header::CONTENT_ENCODING);
            assert_eq!(encoding, packed.then_some("gzip"), "{}", asset.name());
        }
    }

    #[test]
    fn an_asset_is_packed_without_name_and_time() {
        // Method 8, no flags, no time: the same content gives the same bytes again.
        for asset in ASSETS {
            if let Content::Gzip(bytes) = asset.content {
                assert_eq!(bytes.get(2..8), Some(&[8, 0, 0, 0, 0, 0][..]), "{}", asset.name());
            }
        }
    }

    #[test]
    fn other_names_are_not_found() {
        let stale = "swagger-ui.00000000.css";
        for name in ["", "favicon.svg", stale, "../Cargo.toml", "%2e%2e", "redoc.standalone.js.gz"]
        {
            let problem = find(name).expect_err(name);
            assert_eq!((problem.status, problem.code), (404, "asset_not_found"), "{name}");
        }
    }

    #[test]
    fn the_hash_of_a_file_is_the_one_that_gzip_keeps() {
        // `printf 123456789 | gzip -n -9`, and the check value in every table of CRCs.
        const PACKED: [u8; 29] = [
            0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0x33, 0x34, 0x32, 0x36, 0x31, 0x35, 0x33, 0xb7,
            0xb0, 4, 0, 0x26, 0x39, 0xf4, 0xcb, 9, 0, 0, 0,
        ];
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(packed_crc32(&PACKED), 0xcbf4_3926);
    }

    #[test]
    fn a_change_of_one_bit_changes_the_name() {
        let named = |bytes| {
            let content = Content::Plain(bytes);
            Asset { stem: "a", extension: "js", media_type: JAVASCRIPT, content }.name()
        };
        assert_eq!(named(b"a"), "a.e8b7be43.js");
        assert_ne!(named(b"a"), named(b"c"));
    }
}
