//! The house keeps its order: no module depends, over whatever detour, on one that depends on it.
#![cfg(target_os = "linux")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules that each module names.
type Graph = BTreeMap<String, BTreeSet<String>>;

const CRATES: [&str; 5] = ["hello-stats", "hello-load", "hello-bench", "hello-server", "hello-floor"];

#[test]
fn modules_have_no_cycles() {
    for name in CRATES {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src");
        let graph = graph(&modules(&source));
        assert!(graph.len() > 2, "{name}: {graph:?}");
        assert_eq!(cycle(&graph), None, "{name}");
    }
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

/// The text of every module below a folder, without its tests.
fn modules(source: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![source.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                found.insert(name(path.strip_prefix(source).unwrap()), code);
            }
        }
    }
    found
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
