//! A tuned service beside the one of its package.

use std::fs;

use predicates::str::contains;

use crate::workspace::Workspace;

/// A second binary of the package, and its entry.
const MANIFEST: &str = r#"
[features]
default = ["own-server"]
own-server = []
tuned = []
[[bin]]
name = "tiny"
path = "src/main.rs"
[[bin]]
name = "tiny-tuned"
path = "src/tuned.rs"
required-features = ["tuned"]
"#;
const ENTRY: &str = r#"
sources = ["tiny/src/main.rs"]
[[service]]
name = "tiny-tuned"
package = "tiny"
tuned = true
expect = { body = "OK" }
sources = ["tiny/src/tuned.rs"]
"#;

#[test]
fn a_tuned_service_is_measured_beside_its_counterpart_in_a_group_of_its_own() {
    let workspace = Workspace::new();
    let extend = |path: &str, more: &str| {
        let text = fs::read_to_string(workspace.path(path)).unwrap();
        workspace.write(path, &(text + more));
    };
    extend("tiny/Cargo.toml", MANIFEST);
    extend("services.toml", ENTRY);
    let server = fs::read_to_string(workspace.path("tiny/src/main.rs")).unwrap();
    // Another body, so that nobody takes one binary for the other, and two lines more.
    let refusal =
        "#[cfg(feature = \"own-server\")]\ncompile_error!(\"a tuned service has no default features\");\n";
    workspace.write("tiny/src/tuned.rs", &(refusal.to_owned() + &server.replace("\\r\\nok", "\\r\\nOK")));
    let mut command = workspace.command("out");
    command.args(["tiny", "tiny-tuned"]);
    // What it is compared with is asserted of a made-up run: a busy machine may leave nothing to compare.
    command.assert().success().stdout(contains("saturate, tuned\n"));
    let results = workspace.results("out");
    let rows = results["summaries"][0]["rows"].as_array().unwrap();
    let groups: Vec<_> = rows.iter().map(|row| (row["service"].as_str(), row["group"].as_str())).collect();
    let expected = [("tiny", "service"), ("tiny-tuned", "tuned")];
    assert_eq!(groups, expected.map(|(service, group)| (Some(service), Some(group))));
    assert!(rows.iter().all(|row| row["failure"].is_null()), "{rows:?}");
    let metadata = results["services"].as_array().unwrap();
    assert!(metadata[0]["tuned_from"].is_null() && metadata[1]["tuned_from"] == "tiny");
    assert_eq!(metadata[1]["source"]["path"], "tiny/src/tuned.rs");
    for field in ["binary_bytes", "lines_of_code", "dependencies"] {
        assert!(metadata.iter().all(|metadata| metadata[field].as_u64() > Some(0)), "{field}: {metadata:?}");
    }
    let lines = |index: usize| metadata[index]["lines_of_code"].as_u64().unwrap();
    assert_eq!(lines(0) + 2, lines(1));
    let samples = fs::read_to_string(workspace.path("out/samples.jsonl")).unwrap();
    let controls = samples.lines().filter(|line| line.contains("\"tiny (control)\""));
    assert_eq!(controls.filter(|line| !line.contains("\"failure\":\"")).count(), 6, "{samples}");
}
