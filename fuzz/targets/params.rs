//! hello-core: any query is read or refused, and whatever is greeted survives JSON.
#![no_main]

use hello_core::{Msg, Params};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|query: &str| {
    let Ok(params) = serde_urlencoded::from_str::<Params>(query) else {
        return;
    };
    let greeting = params.greeting();
    let name = params.name.as_deref().map_or("World", str::trim);
    assert_eq!(greeting.message, format!("Hello {name}!"));
    let body = serde_json::to_string(&greeting).unwrap();
    assert_eq!(serde_json::from_str::<Msg>(&body).unwrap(), greeting);
});
