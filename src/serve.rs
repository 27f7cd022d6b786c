//! Serves the page on this machine: files in, HTTP on 127.0.0.1 out, with the headers that seal it.
//!
//! It answers GET and HEAD of exactly the files that it was given, and nothing else: there is no
//! path to resolve outside them, no listing, no query, no log. It is one of three places that set
//! the headers of `www/headers.json`; the others are the service worker and the files for static
//! hosts.

use std::borrow::Cow;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tiny_http::{Header, Method, Request, Response, Server};

/// The headers of every response, as a JSON object.
pub const HEADERS: &str = include_str!("../www/headers.json");

/// The port that is asked for where none is named.
pub const PORT: u16 = 8080;

/// Requests that are answered at the same time.
const THREADS: usize = 4;

/// What cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Another program listens there already, or the port needs rights that this user has not.
    #[error("port {port} of this machine cannot be used ({reason}); choose another with --port")]
    Port {
        /// The port asked for.
        port: u16,
        /// What the system says.
        reason: String,
    },
    /// A thread of the server could not be started, or has ended.
    #[error("the server stopped: {0}")]
    Stopped(String),
    /// `www/headers.json` holds something that is no header.
    #[error("the table of headers cannot be used")]
    Headers,
}

/// How to serve.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Port on 127.0.0.1; 0 takes any that is free.
    pub port: u16,
    /// Whether to open the page in this user's browser.
    pub open: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: PORT,
            open: false,
        }
    }
}

/// A set of files to serve.
pub trait Site: Sync {
    /// The content of a file by its path, `index.html` or `threads/hepatica.js`; `None` where there
    /// is no such file.
    fn file(&self, path: &str) -> Option<Cow<'_, [u8]>>;
}

/// The files below a folder, as they are at the moment of each request.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Serves what lies below `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }
}

impl Site for Folder {
    fn file(&self, path: &str) -> Option<Cow<'_, [u8]>> {
        // A part that begins with a dot is no file of the page, nor is an empty one; without them
        // and without backslashes and colons a path cannot leave the folder.
        let plain =
            |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':']);
        if !path.split('/').all(plain) {
            return None;
        }
        let root: &Path = &self.0;
        std::fs::read(root.join(path)).ok().map(Cow::Owned)
    }
}

/// Serves a site until the process ends; `announce` is told its address once it answers.
///
/// # Errors
/// Where the port cannot be had.
pub fn run<S: Site>(
    site: &S,
    options: &Options,
    announce: impl FnOnce(&str),
) -> Result<Infallible, ServeError> {
    let headers = headers()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let server = Server::http(address).map_err(|reason| ServeError::Port {
        port: options.port,
        reason: reason.to_string(),
    })?;
    let port = server
        .server_addr()
        .to_ip()
        .map_or(options.port, |address| address.port());
    let url = format!("http://127.0.0.1:{port}/");
    announce(&url);
    if options.open {
        open(&url);
    }
    let server = Arc::new(server);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| -> Result<Infallible, ServeError> {
                    loop {
                        let request = server
                            .recv()
                            .map_err(|fault| ServeError::Stopped(fault.to_string()))?;
                        answer(site, &headers, request);
                    }
                })
            })
            .collect();
        let mut outcome = Err(ServeError::Stopped("no thread is left".to_owned()));
        for thread in threads {
            if let Ok(ended) = thread.join() {
                outcome = ended;
            }
        }
        outcome
    })
}

/// The headers, ready to be sent.
fn headers() -> Result<Vec<Header>, ServeError> {
    let table: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(HEADERS).map_err(|_| ServeError::Headers)?;
    table
        .iter()
        .map(|(name, value)| header(name, value.as_str().unwrap_or_default()))
        // The service worker keeps the files; a cache below it would only hide a new version.
        .chain([header("Cache-Control", "no-cache")])
        .collect()
}

fn header(name: &str, value: &str) -> Result<Header, ServeError> {
    Header::from_bytes(name, value).map_err(|()| ServeError::Headers)
}

/// Answers one request. A client that hangs up is no concern of ours.
fn answer(site: &impl Site, headers: &[Header], request: Request) {
    let (status, kind, body) = match content(site, request.method(), request.url()) {
        Ok((kind, body)) => (200, kind, body),
        Err(status) => (
            status,
            "text/plain; charset=utf-8",
            Cow::Borrowed(&b"refused\n"[..]),
        ),
    };
    let mut response = Response::from_data(body.into_owned()).with_status_code(status);
    for header in headers {
        response.add_header(header.clone());
    }
    if let Ok(header) = header("Content-Type", kind) {
        response.add_header(header);
    }
    if status == 405
        && let Ok(header) = header("Allow", "GET, HEAD")
    {
        response.add_header(header);
    }
    let _ = request.respond(response);
}

/// The kind and content of what is asked for, or the status that refuses it.
fn content<'a>(
    site: &'a impl Site,
    method: &Method,
    url: &str,
) -> Result<(&'static str, Cow<'a, [u8]>), u16> {
    if !matches!(method, Method::Get | Method::Head) {
        return Err(405);
    }
    let path = match url.strip_prefix('/') {
        Some("") => "index.html",
        Some(path) => path,
        None => return Err(400),
    };
    let kind = kind(path).ok_or(404_u16)?;
    site.file(path).map(|body| (kind, body)).ok_or(404)
}

/// The media type of a file of the page, by its ending; others are not served.
fn kind(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    Some(match ending {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" => "application/manifest+json",
        _ => return None,
    })
}

/// Opens an address in this user's browser, where there is one.
fn open(url: &str) {
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "windows") {
        ("cmd", &["/C", "start", ""])
    } else if cfg!(target_os = "macos") {
        ("open", &[])
    } else {
        ("xdg-open", &[])
    };
    // The address has been announced: without a browser to open, the reader opens it.
    let _ = Command::new(program).args(arguments).arg(url).spawn();
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Three;

    impl Site for Three {
        fn file(&self, path: &str) -> Option<Cow<'_, [u8]>> {
            ["index.html", "threads/hepatica_bg.wasm", "nginx.conf"]
                .contains(&path)
                .then(|| Cow::Owned(path.as_bytes().to_vec()))
        }
    }

    fn status(method: &Method, url: &str) -> u16 {
        content(&Three, method, url).map_or_else(|status| status, |_| 200)
    }

    #[test]
    fn only_get_and_head_of_a_file_of_the_page_are_answered() {
        assert_eq!(status(&Method::Get, "/"), 200);
        assert_eq!(status(&Method::Head, "/index.html"), 200);
        assert_eq!(status(&Method::Post, "/"), 405);
        assert_eq!(status(&Method::Put, "/index.html"), 405);
        assert_eq!(status(&Method::Get, "/index.html?planted"), 404);
        assert_eq!(status(&Method::Get, "/absent.js"), 404);
        // For hosts, not for visitors.
        assert_eq!(status(&Method::Get, "/nginx.conf"), 404);
        assert_eq!(status(&Method::Get, "http://elsewhere/index.html"), 400);
    }

    #[test]
    fn a_module_is_served_as_webassembly() {
        let found = content(&Three, &Method::Get, "/threads/hepatica_bg.wasm");
        assert_eq!(found.map(|(kind, _)| kind), Ok("application/wasm"));
    }

    #[test]
    fn no_path_leaves_the_folder() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let www = here
            .ancestors()
            .map(|folder| folder.join("www"))
            .find(|www| www.exists());
        let folder = Folder::new(www.unwrap_or_default());
        assert!(folder.file("index.html").is_some());
        for path in [
            "../Cargo.toml",
            "./index.html",
            "src/../index.html",
            "/etc/passwd",
            "",
            "a//b",
            "..\\x",
            "C:\\x",
        ] {
            assert!(folder.file(path).is_none(), "{path}");
        }
    }

    #[test]
    fn every_response_carries_the_policy_and_isolation() {
        let headers = headers().unwrap_or_default();
        for name in [
            "Content-Security-Policy",
            "Cross-Origin-Opener-Policy",
            "Cross-Origin-Embedder-Policy",
        ] {
            assert!(
                headers.iter().any(|header| header
                    .field
                    .as_str()
                    .as_str()
                    .eq_ignore_ascii_case(name)),
                "{name}"
            );
        }
    }
}
