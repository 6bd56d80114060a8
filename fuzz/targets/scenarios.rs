//! `scenarios.json`: what is read makes sense, and can be written and read again.
#![no_main]

use std::collections::BTreeMap;

use hello_load::Scenario;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(scenarios) = Scenario::parse(text) else {
        return;
    };
    let named: BTreeMap<String, Scenario> = scenarios
        .iter()
        .map(|scenario| (scenario.name.clone(), Scenario { name: String::new(), ..scenario.clone() }))
        .collect();
    let mut again = serde_json::to_value(&named).unwrap();
    for scenario in again.as_object_mut().unwrap().values_mut() {
        scenario.as_object_mut().unwrap().remove("name");
    }
    assert_eq!(Scenario::parse(&again.to_string()).unwrap(), scenarios);
    for scenario in scenarios {
        let _ = (scenario.expected(), scenario.length(), scenario.warm_up());
        let _ = scenario.by_k6().expected();
    }
});
