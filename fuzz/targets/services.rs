//! `services.toml`: any text is a catalogue or an error.
#![no_main]

use hello_bench::service::Catalogue;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(services) = Catalogue::parse(text) else {
        return;
    };
    for (index, service) in services.iter().enumerate() {
        assert!(services[..index].iter().all(|other| other.name != service.name));
        let ways = [service.package.is_some(), service.run.is_some(), service.url.is_some()];
        assert_eq!(ways.into_iter().filter(|way| *way).count(), 1);
        let _ = (service.strictness(), service.start_timeout(), service.exchange());
    }
});
