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

pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let mut settings = serve::Options::default();
    settings.port = options.port;
    settings.open = !options.no_open;
    match &options.dist {
        Some(folder) => forever(&serve::Folder::new(folder), &settings),
        #[cfg(feature = "embed-page")]
        None => {
            if let Some(build) = embedded::BUILD {
                crate::say(&format!("The page is build {build}.\n"));
            }
            forever(&embedded::Page, &settings)
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
