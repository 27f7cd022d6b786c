//! Serves the page on this machine: files in, HTTP on 127.0.0.1 out, with the headers that seal it.
//!
//! It answers GET and HEAD of exactly the files that it was given, and nothing else: there is no
//! path to resolve outside them, no listing, no query, no log. It is one of three places that set
//! the headers of `www/headers.json`; the others are the service worker and the files for static
//! hosts.

use std::borrow::Cow;
use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The headers of every response, as a JSON object.
pub const HEADERS: &str = include_str!("../www/headers.json");

/// The port that is asked for where none is named.
pub const PORT: u16 = 8080;

/// How long a client may take over each read and write.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes that a request's head may have.
const HEAD: u64 = 32 * 1024;

/// Bytes of a refused request's body that are read before the answer, since a client whose bytes are
/// left unread may never see it.
const BODY: u64 = 1024 * 1024;

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
    /// The system no longer hands over connections.
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
        Self { port: PORT, open: false }
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
        let plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':']);
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
    let unusable =
        |reason: std::io::Error| ServeError::Port { port: options.port, reason: reason.to_string() };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let listener = TcpListener::bind(address).map_err(unusable)?;
    let url = format!("http://{}/", listener.local_addr().map_err(unusable)?);
    announce(&url);
    if options.open {
        open(&url);
    }
    // A thread a connection, since a browser opens some that it never uses.
    std::thread::scope(|scope| {
        loop {
            match listener.accept() {
                Ok((client, _)) => {
                    let headers = &headers;
                    // A client that hangs up, or that the system has no thread for, is let go.
                    let _ = std::thread::Builder::new()
                        .spawn_scoped(scope, move || drop(answer(site, headers, &client)));
                }
                Err(fault) if transient(&fault) => {}
                Err(fault) => return Err(ServeError::Stopped(fault.to_string())),
            }
        }
    })
}

/// Whether accepting failed because of one connection, and not for good.
fn transient(fault: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(fault.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// The headers of every response, as lines.
fn headers() -> Result<String, ServeError> {
    let table: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(HEADERS).map_err(|_| ServeError::Headers)?;
    let mut lines = String::new();
    for (name, value) in &table {
        let value = value.as_str().ok_or(ServeError::Headers)?;
        lines.push_str(&format!("{name}: {value}\r\n"));
    }
    // The service worker keeps the files; a cache below it would only hide a new version.
    lines.push_str("Cache-Control: no-cache\r\nConnection: close\r\n");
    Ok(lines)
}

/// Answers the one request of a connection (HTTP/1.1, RFC 9112), and closes it.
fn answer(site: &impl Site, headers: &str, mut client: &TcpStream) -> std::io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(client.take(HEAD + BODY));
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (method, url) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut length = 0_u64;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    std::io::copy(&mut reader.take(length.min(BODY)), &mut std::io::sink())?;

    let (status, kind, body) = match content(site, &method, &url) {
        Ok((kind, body)) => ("200 OK", kind, body),
        Err(status) => (status, "text/plain; charset=utf-8", Cow::Borrowed(&b"refused\n"[..])),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nAllow: GET, HEAD\r\n{headers}\r\n",
        body.len()
    );
    client.write_all(head.as_bytes())?;
    if method != "HEAD" {
        client.write_all(&body)?;
    }
    client.flush()
}

/// The kind and content of what is asked for, or the status that refuses it.
fn content<'a>(
    site: &'a impl Site,
    method: &str,
    url: &str,
) -> Result<(&'static str, Cow<'a, [u8]>), &'static str> {
    const ABSENT: &str = "404 Not Found";
    if !matches!(method, "GET" | "HEAD") {
        return Err("405 Method Not Allowed");
    }
    let path = match url.strip_prefix('/') {
        Some("") => "index.html",
        Some(path) => path,
        None => return Err("400 Bad Request"),
    };
    let kind = kind(path).ok_or(ABSENT)?;
    site.file(path).map(|body| (kind, body)).ok_or(ABSENT)
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
        // The institution's policy, and no other document.
        "json" if path == "policy.json" => "application/json",
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

    fn status(method: &str, url: &str) -> &'static str {
        content(&Three, method, url).map_or_else(|status| &status[..3], |_| "200")
    }

    #[test]
    fn only_get_and_head_of_a_file_of_the_page_are_answered() {
        assert_eq!(status("GET", "/"), "200");
        assert_eq!(status("HEAD", "/index.html"), "200");
        assert_eq!(status("POST", "/"), "405");
        assert_eq!(status("PUT", "/index.html"), "405");
        assert_eq!(status("", ""), "405");
        assert_eq!(status("GET", "/index.html?planted"), "404");
        assert_eq!(status("GET", "/absent.js"), "404");
        // For hosts, not for visitors.
        assert_eq!(status("GET", "/nginx.conf"), "404");
        assert_eq!(status("GET", "http://elsewhere/index.html"), "400");
    }

    #[test]
    fn a_module_is_served_as_webassembly() {
        let found = content(&Three, "GET", "/threads/hepatica_bg.wasm");
        assert_eq!(found.map(|(kind, _)| kind), Ok("application/wasm"));
    }

    #[test]
    fn of_documents_only_the_policy_is_served() {
        assert_eq!(kind("policy.json"), Some("application/json"));
        assert_eq!(kind("build.json"), None);
        assert_eq!(kind("threads/policy.json"), None);
    }

    #[test]
    fn no_path_leaves_the_folder() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let www = here.ancestors().map(|folder| folder.join("www")).find(|www| www.exists());
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
            "Content-Security-Policy: default-src 'none'",
            "Cross-Origin-Opener-Policy: same-origin",
            "Cross-Origin-Embedder-Policy: require-corp",
        ] {
            assert!(headers.contains(name), "{name}");
        }
    }
}
