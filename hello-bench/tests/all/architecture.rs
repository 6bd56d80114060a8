//! The structure of the code: modules have no cycles, files and functions are short.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules that each module names.
type Graph = BTreeMap<String, BTreeSet<String>>;

const MAX_FILE_LINES: usize = 300;
const MAX_FUNCTION_LINES: usize = 60;

#[test]
fn modules_have_no_cycles() {
    let crates = crates();
    for name in ["hello-stats", "hello-load", "hello-bench", "hello-server", "hello-core", "svc-actix"] {
        assert!(crates.iter().any(|folder| folder.ends_with(name)), "{name} is not checked");
    }
    for folder in crates {
        let modules = modules(&folder.join("src"));
        let relative: Vec<&String> = modules
            .iter()
            .filter(|(name, code)| !name.ends_with("tests") && code.contains("super::"))
            .map(|(name, _)| name)
            .collect();
        assert!(relative.is_empty(), "paths begin at crate, but not in {relative:?}");
        let graph = graph(&modules);
        assert_eq!(cycle(&graph), None, "{}", folder.display());
        assert_eq!(cycle(&rooms(&graph)), None, "{}", folder.display());
    }
}

#[test]
fn a_cycle_between_rooms_is_found_where_no_two_modules_have_one() {
    let module = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let modules = BTreeMap::from([
        module("a", "mod data; mod driver;"),
        module("a::data", ""),
        module("a::driver", "use crate::b::X;"),
        module("b", "use crate::a::data::Y;"),
    ]);
    let graph = graph(&modules);
    assert_eq!(cycle(&graph), None);
    assert_eq!(cycle(&rooms(&graph)), Some(vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn every_source_of_a_service_is_listed() {
    let text = fs::read_to_string(root().join("services.toml")).unwrap();
    let catalogue: toml::Table = toml::from_str(&text).unwrap();
    let services = catalogue["service"].as_array().unwrap();
    let word = |service: &toml::Value, key: &str| service.get(key)?.as_str().map(str::to_owned);
    let packages: BTreeSet<String> = services.iter().filter_map(|service| word(service, "package")).collect();
    assert!(packages.len() > 5);
    for package in packages {
        let own = services.iter().filter(|service| word(service, "package").as_ref() == Some(&package));
        let listed: BTreeSet<PathBuf> = own
            .flat_map(|service| service["sources"].as_array().unwrap())
            .map(|path| root().join(path.as_str().unwrap()))
            .collect();
        let missing: Vec<_> = rust_files(&root().join(&package).join("src"))
            .into_iter()
            .filter(|path| !listed.contains(path) && !path.ends_with("tests.rs"))
            .collect();
        assert!(missing.is_empty(), "services.toml does not list {missing:?}");
    }
}

#[test]
fn files_and_functions_are_short() {
    let mut checked = 0;
    for path in crates()
        .iter()
        .chain([&root().join("fuzz/targets")])
        .flat_map(|folder| rust_files(folder))
    {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        assert!(lines <= MAX_FILE_LINES, "{} has {lines} lines", path.display());
        let long: Vec<_> =
            functions(&text).into_iter().filter(|(_, lines)| *lines > MAX_FUNCTION_LINES).collect();
        assert!(long.is_empty(), "{} has long functions: {long:?}", path.display());
        checked += 1;
    }
    assert!(checked > 100, "{checked} files");
}

#[test]
fn the_lines_of_a_function_are_counted() {
    let text = "impl X {\n    pub(crate) fn a(\n        b: u8,\n    ) -> u8 {\n        if b {\n        }\n    }\n\n    fn c() {}\n}\n\ntrait T {\n    fn d(\n        x: u8,\n    );\n}\n\nasync fn e() {\n}\n";
    let found = functions(text);
    assert_eq!(found, [("a".to_owned(), 6), ("c".to_owned(), 1), ("d".to_owned(), 3), ("e".to_owned(), 2)]);
}

#[test]
fn a_cycle_over_a_detour_is_found() {
    let module = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let modules = BTreeMap::from([
        module("", "mod a; mod b;"),
        module("a", "use crate::{b::{X, c::Y}};"),
        module("b", "pub mod c;"),
        module("b::c", "fn f() { crate::a::g() }"),
    ]);
    assert_eq!(cycle(&graph(&modules)), Some(vec!["a".to_owned(), "b::c".to_owned()]));
    let parent =
        BTreeMap::from([module("a", "mod b; fn f() { b::g() }"), module("a::b", "use crate::a::X;")]);
    assert_eq!(cycle(&graph(&parent)), Some(vec!["a".to_owned(), "a::b".to_owned()]));
    let straight = BTreeMap::from([module("a", "use crate::b::X; // crate::c"), module("b", "")]);
    assert_eq!(cycle(&graph(&straight)), None);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of each crate of the workspace.
fn crates() -> Vec<PathBuf> {
    let folders = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    folders
        .filter(|folder| folder.join("Cargo.toml").is_file() && folder.join("src").is_dir())
        .collect()
}

/// Every Rust file below a folder, without what cargo built there.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// The functions of a file that rustfmt has formatted, with their lines: each ends at a brace that is as far to the
/// right as it began.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let starts = lines.iter().enumerate().filter_map(|(at, line)| Some((at, function_name(line)?)));
    let length = |at: usize| {
        let indent = &lines[at][..lines[at].len() - lines[at].trim_start().len()];
        let is_end = |line: &&str| {
            let rest = line.strip_prefix(indent);
            rest == Some("}") || rest.is_some_and(|rest| rest.starts_with(')') && rest.ends_with(';'))
        };
        match lines[at].ends_with(['}', ';']) {
            true => Some(1),
            false => lines[at..].iter().position(is_end).map(|last| last + 1),
        }
    };
    starts.filter_map(|(at, name)| Some((name.to_owned(), length(at)?))).collect()
}

/// The name of the function that begins on a line.
fn function_name(line: &str) -> Option<&str> {
    let (before, rest) = line.split_once("fn ")?;
    let is_modifier = |word: &str| word.starts_with("pub") || ["async", "const", "default"].contains(&word);
    let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))?;
    (end > 0 && before.split_whitespace().all(is_modifier)).then(|| &rest[..end])
}

/// The text of every module of a crate, without its tests.
fn modules(source: &Path) -> BTreeMap<String, String> {
    let module = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let tests = ["#[cfg(test)]", "#[cfg(all(test"].iter().filter_map(|start| text.find(start)).min();
        (name(path.strip_prefix(source).unwrap()), text[..tests.unwrap_or(text.len())].to_owned())
    };
    rust_files(source).into_iter().map(module).collect()
}

/// `a/b.rs` as `a::b`; `a/mod.rs` as `a`; the root of the crate as the empty name.
fn name(path: &Path) -> String {
    let mut path: PathBuf = path.with_extension("");
    if ["mod", "lib", "main"].iter().any(|root| path.ends_with(root)) {
        path.pop();
    }
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("::")
}

fn graph(modules: &BTreeMap<String, String>) -> Graph {
    let named = |(name, text): (&String, &String)| {
        let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
        let code = code.join("\n");
        let mut found: BTreeSet<String> =
            paths(&code).iter().filter_map(|path| module_of(path, modules)).collect();
        found.extend(modules.keys().filter(|child| is_named_child(name, child, &code)).cloned());
        found.remove(name);
        // The root only lists the modules.
        found.remove("");
        (name.clone(), found)
    };
    modules.iter().map(named).collect()
}

/// The same between the modules at the top: what is below one of them belongs to it.
fn rooms(graph: &Graph) -> Graph {
    let top = |name: &str| name.split("::").next().unwrap_or_default().to_owned();
    let mut rooms = Graph::new();
    for (name, named) in graph.iter().filter(|(name, _)| !name.is_empty()) {
        let room = top(name);
        let others = named.iter().map(|other| top(other)).filter(|other| *other != room);
        rooms.entry(room.clone()).or_default().extend(others.collect::<Vec<_>>());
    }
    rooms
}

/// Whether a module calls its own child by its short name.
fn is_named_child(parent: &str, child: &str, code: &str) -> bool {
    let Some((above, short)) = child.rsplit_once("::") else { return false };
    let call = format!("{short}::");
    let is_whole =
        |at: usize| !code[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before));
    above == parent && code.match_indices(&call).any(|(at, _)| is_whole(at))
}

/// The innermost module that a path leads into.
fn module_of(path: &str, modules: &BTreeMap<String, String>) -> Option<String> {
    let mut path = path;
    loop {
        if modules.contains_key(path) {
            return Some(path.to_owned());
        }
        path = path.rsplit_once("::")?.0;
    }
}

/// Every path below `crate::`, with groups in braces taken apart.
fn paths(code: &str) -> Vec<String> {
    code.split("crate::").skip(1).flat_map(|rest| expanded(rest).0).collect()
}

/// The paths at the front of a text, and how long they are there.
fn expanded(text: &str) -> (Vec<String>, usize) {
    let end = text
        .find(|letter: char| !(letter.is_alphanumeric() || "_:".contains(letter)))
        .unwrap_or(text.len());
    let (prefix, rest) = text.split_at(end);
    if !rest.starts_with('{') {
        return (vec![prefix.trim_end_matches(':').to_owned()], end);
    }
    let (mut found, mut at) = (Vec::new(), end + 1);
    while at < text.len() && !text[at..].starts_with('}') {
        let (inner, length) = expanded(&text[at..]);
        found.extend(inner.into_iter().map(|path| format!("{prefix}{path}")));
        // Commas and white space stand between the members of a group.
        at += length.max(1);
        while text[at..].starts_with([',', ' ', '\n']) {
            at += 1;
        }
    }
    (found, at + 1)
}

/// The modules of a cycle, in order of their names; `None` where there is none.
fn cycle(graph: &Graph) -> Option<Vec<String>> {
    let reached = |from: &String| {
        let mut found: BTreeSet<&String> = BTreeSet::new();
        let mut open: Vec<&String> = graph[from].iter().collect();
        while let Some(next) = open.pop() {
            if found.insert(next) {
                open.extend(graph.get(next).into_iter().flatten());
            }
        }
        found
    };
    let reachable: BTreeMap<&String, BTreeSet<&String>> =
        graph.keys().map(|from| (from, reached(from))).collect();
    let (first, _) = reachable.iter().find(|(from, reached)| reached.contains(*from))?;
    let mutual = reachable[first]
        .iter()
        .filter(|other| reachable.get(**other).is_some_and(|back| back.contains(*first)));
    Some(mutual.map(|name| (*name).clone()).collect())
}
