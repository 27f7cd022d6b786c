//! The page: bundles TypeScript and styles, adds the engine, and writes `dist/`.
//!
//! What varies from build to build is written here and nowhere else: the policy into `index.html`
//! and the header files, the list of files with their hashes into the service worker, and one hash
//! over them all, by which the page names its version.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::bindings;
use crate::npm::{self, hex};
use crate::place::Place;
use crate::process::run_quietly;
use crate::say;
use crate::server::HEADERS;
use crate::wasm::{self, Engine, Finish};

/// Bundles that are ES modules: name in `dist/`, source under `www/src/`.
const MODULES: [(&str, &str); 3] =
    [("main", "main.tsx"), ("engine-worker", "engine/worker.ts"), ("probe-worker", "shell/probe-worker.ts")];

/// Browsers that the bundles are written for: those with WebAssembly SIMD and module workers.
const BROWSERS: &str = "--target=chrome111,firefox115,safari16.4";

/// wasm-bindgen-rayon's worker, which is replaced: see `engine/pool.ts`.
const POOL: &str = "workerHelpers.no-bundler.js";

/// Files of the page, by path.
type Files = BTreeMap<String, Vec<u8>>;

/// Builds both flavours and the page into `dist/`; returns the build's hash.
pub(crate) fn build(place: &Place, finish: Finish) -> anyhow::Result<String> {
    npm::check_node()?;
    npm::install(&place.www())?;
    let engines = wasm::build(place, finish)?;
    declare_engine(place, &engines)?;
    say::step("page into dist/", || {
        let mut files = bundle(place, &engines, finish)?;
        add_engines(&mut files, &engines)?;
        add_folder(&mut files, &place.www().join("static"), "")?;
        let hash = seal(place, &mut files)?;
        add_host_files(&mut files)?;
        write(&place.dist(), &files)?;
        let size: usize = files.values().map(Vec::len).sum();
        say::note(&format!("{} files, {} kB, build {hash}", files.len(), size / 1000));
        Ok(hash)
    })
}

/// Puts the engine's TypeScript declarations where the page's sources find them.
fn declare_engine(place: &Place, engines: &BTreeMap<String, Engine>) -> anyhow::Result<()> {
    let threads = engines.get("threads").context("wasm-pack.toml has no flavour `threads`")?;
    let name = format!("{}.d.ts", bindings::NAME);
    let text = std::fs::read(threads.folder.join(&name))?;
    std::fs::create_dir_all(place.www_build())?;
    write_if_changed(&place.www_build().join(&name), &text)
}

/// Runs esbuild: the page's modules, the service worker and the engine's pool worker.
fn bundle(place: &Place, engines: &BTreeMap<String, Engine>, finish: Finish) -> anyhow::Result<Files> {
    let out = place.www_build().join("bundle");
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    let memory = engines
        .get("threads")
        .map(|engine| json!({ "initial": engine.initial_pages, "maxima": engine.maximum_pages }));
    let defines = format!("--define:ENGINE_MEMORY={}", json!(memory));
    let modules: Vec<String> = MODULES.iter().map(|(name, source)| format!("{name}=src/{source}")).collect();
    esbuild(place, &out, finish, "esm", &modules, &defines)?;
    esbuild(place, &out, finish, "iife", &["sw=src/sw/sw.ts".to_owned()], &defines)?;
    esbuild(
        place,
        &out,
        finish,
        "esm",
        &[format!("{}=src/engine/pool.ts", POOL.trim_end_matches(".js"))],
        &defines,
    )?;
    let mut files = Files::new();
    add_folder(&mut files, &out, "")?;
    Ok(files)
}

fn esbuild(
    place: &Place,
    out: &Path,
    finish: Finish,
    format: &str,
    entries: &[String],
    defines: &str,
) -> anyhow::Result<()> {
    let mut command = Command::new("node");
    command
        .current_dir(place.www())
        .args(["node_modules/esbuild/bin/esbuild", "--bundle", "--log-level=warning"])
        .args(["--jsx=automatic", "--jsx-import-source=preact", "--charset=utf8"])
        .args([BROWSERS, "--legal-comments=eof"])
        .args([&format!("--format={format}"), defines])
        .arg(format!("--outdir={}", out.display()))
        .args(entries);
    if finish == Finish::Optimised {
        command.arg("--minify");
    }
    run_quietly(&mut command)
}

/// Adds each flavour's glue, module and pool worker.
fn add_engines(files: &mut Files, engines: &BTreeMap<String, Engine>) -> anyhow::Result<()> {
    let pool = files.remove(POOL).context("esbuild wrote no pool worker")?;
    for (flavour, engine) in engines {
        for name in [format!("{}.js", bindings::NAME), format!("{}_bg.wasm", bindings::NAME)] {
            files.insert(format!("{flavour}/{name}"), std::fs::read(engine.folder.join(&name))?);
        }
        let snippets = engine.folder.join("snippets");
        if !snippets.exists() {
            continue;
        }
        let mut found = Files::new();
        add_folder(&mut found, &snippets, &format!("{flavour}/snippets/"))?;
        for (path, bytes) in found {
            let bytes = if path.ends_with(POOL) { pool.clone() } else { bytes };
            files.insert(path, bytes);
        }
    }
    Ok(())
}

/// Adds `index.html` and completes the service worker; returns the build's hash.
///
/// The hash is taken over every file of the page but the service worker, and over `index.html`
/// before the hash is written into it.
fn seal(place: &Place, files: &mut Files) -> anyhow::Result<String> {
    let headers = headers()?;
    let policy = headers
        .iter()
        .find(|(name, _)| name == "Content-Security-Policy")
        .map(|(_, value)| value.as_str())
        .context("www/headers.json has no policy")?;
    // `frame-ancestors` means nothing in a <meta> element (CSP Level 3, §3.3).
    let in_page: Vec<&str> =
        policy.split("; ").filter(|directive| !directive.starts_with("frame-ancestors")).collect();
    let template =
        std::fs::read_to_string(place.www().join("index.html"))?.replace("%POLICY%", &in_page.join("; "));
    files.insert("index.html".to_owned(), template.clone().into_bytes());
    let worker = files.remove("sw.js").context("esbuild wrote no service worker")?;

    let mut all = Sha256::new();
    for (path, bytes) in files.iter() {
        all.update(format!("{path} {}\n", hex(&Sha256::digest(bytes))));
    }
    all.update(&worker);
    let hash: String = hex(&all.finalize()).chars().take(12).collect();

    files.insert("index.html".to_owned(), template.replace("%BUILD%", &hash).into_bytes());
    let list: BTreeMap<&String, String> =
        files.iter().map(|(path, bytes)| (path, hex(&Sha256::digest(bytes)))).collect();
    let build = json!({ "hash": hash, "files": list, "headers": serde_json::Map::from_iter(
        headers.iter().map(|(name, value)| (name.clone(), json!(value))),
    ) });
    let mut script = format!("const BUILD = {build};\n").into_bytes();
    script.extend(worker);
    files.insert("sw.js".to_owned(), script);
    Ok(hash)
}

/// Adds what tells common static hosts of the headers. No part of the page: not precached.
fn add_host_files(files: &mut Files) -> anyhow::Result<()> {
    let headers = headers()?;
    let lines = |indent: &str, one: &dyn Fn(&str, &str) -> String| -> String {
        headers.iter().map(|(name, value)| format!("{indent}{}\n", one(name, value))).collect()
    };
    let netlify = format!("/*\n{}", lines("  ", &|name, value| format!("{name}: {value}")));
    let nginx = format!(
        "# In the `server` block of nginx; the folder is the one that this file lies in.\n\
         types {{ application/wasm wasm; application/manifest+json webmanifest; }}\n\
         location / {{\n    limit_except GET {{ deny all; }}\n    add_header Cache-Control no-cache always;\n{}}}\n",
        lines("    ", &|name, value| format!("add_header {name} \"{value}\" always;"))
    );
    let caddy = format!(
        "# Caddy: `caddy run` in this folder, with your own name in place of the first line's.\n\
         hepatica.example.org {{\n    root * .\n    file_server\n    header {{\n        Cache-Control no-cache\n{}    }}\n}}\n",
        lines("        ", &|name, value| format!("{name} \"{value}\""))
    );
    files.insert("_headers".to_owned(), netlify.into_bytes());
    files.insert("nginx.conf".to_owned(), nginx.into_bytes());
    files.insert("Caddyfile".to_owned(), caddy.into_bytes());
    Ok(())
}

/// The headers of `www/headers.json`, in its order.
fn headers() -> anyhow::Result<Vec<(String, String)>> {
    let map: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(HEADERS).context("www/headers.json is no JSON object")?;
    map.into_iter()
        .map(|(name, value)| match value {
            serde_json::Value::String(value) => Ok((name, value)),
            _ => bail!("www/headers.json: {name} is no string"),
        })
        .collect()
}

/// Adds every file below a folder, under a prefix; an absent folder has none.
fn add_folder(files: &mut Files, folder: &Path, prefix: &str) -> anyhow::Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            add_folder(files, &entry.path(), &format!("{name}/"))?;
        } else {
            files.insert(name, std::fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Makes a folder hold these files and no others.
fn write(folder: &Path, files: &Files) -> anyhow::Result<()> {
    let mut present = Files::new();
    add_folder(&mut present, folder, "")?;
    for path in present.keys().filter(|path| !files.contains_key(*path)) {
        std::fs::remove_file(folder.join(path))?;
    }
    for (path, bytes) in files {
        if present.get(path) != Some(bytes) {
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, bytes)?;
        }
    }
    Ok(())
}

/// Leaves a file's time alone where its content is as wanted.
fn write_if_changed(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if std::fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
