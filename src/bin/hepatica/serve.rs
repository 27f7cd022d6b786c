//! `hepatica serve`: the page on this machine, for a PC with neither server nor network.

use std::process::ExitCode;

use hepatica::serve::{self, PORT};

use crate::Failure;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = PORT)]
    port: u16,
    /// Don't open the browser.
    #[arg(long)]
    no_open: bool,
    /// A de-identification policy for the page; users can't loosen one that is locked.
    #[arg(long, value_name = "FILE")]
    policy: Option<std::path::PathBuf>,
    /// Serve this folder instead of the page inside the program.
    #[arg(long, value_name = "DIR")]
    dist: Option<std::path::PathBuf>,
}

/// The page, as `cargo xtask build` put it into the program.
#[cfg(feature = "embed-page")]
mod embedded {
    use std::borrow::Cow;

    use hepatica::serve::Site;
    use include_dir::{Dir, include_dir};

    /// The build of the page, said by `cargo xtask build`: a new one compiles this file anew.
    pub(super) const BUILD: Option<&str> = option_env!("HEPATICA_PAGE_BUILD");

    static PAGE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/dist");

    pub(super) struct Page;

    impl Site for Page {
        fn file(&self, path: &str) -> Option<Cow<'_, [u8]>> {
            PAGE.get_file(path).map(|file| Cow::Borrowed(file.contents()))
        }
    }
}

/// A site, and the policy beside it.
struct WithPolicy<S> {
    site: S,
    policy: Option<Vec<u8>>,
}

impl<S: serve::Site> serve::Site for WithPolicy<S> {
    fn file(&self, path: &str) -> Option<std::borrow::Cow<'_, [u8]>> {
        match &self.policy {
            Some(policy) if path == "policy.json" => Some(policy.as_slice().into()),
            _ => self.site.file(path),
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let mut settings = serve::Options::default();
    settings.port = options.port;
    settings.open = !options.no_open;
    // Checked now: a page with a policy that can't be used opens no source.
    let policy = match &options.policy {
        Some(path) => Some(crate::convert::read_policy(path)?.to_json().into_bytes()),
        None => None,
    };
    match &options.dist {
        Some(folder) => forever(&WithPolicy { site: serve::Folder::new(folder), policy }, &settings),
        #[cfg(feature = "embed-page")]
        None => {
            if let Some(build) = embedded::BUILD {
                crate::say(&format!("The page is build {build}.\n"));
            }
            forever(&WithPolicy { site: embedded::Page, policy }, &settings)
        }
        #[cfg(not(feature = "embed-page"))]
        None => Err(Failure::Usage(
            "this program was built without the page: use `cargo xtask build`, or --dist FOLDER".into(),
        )),
    }
}

fn forever(site: &impl serve::Site, settings: &serve::Options) -> Result<ExitCode, Failure> {
    let announce =
        |url: &str| crate::say(&format!("Hepatica is at {url} (this machine only). Ctrl+C ends it.\n"));
    let never = serve::run(site, settings, announce).map_err(|e| Failure::Usage(e.to_string()))?;
    match never {}
}
