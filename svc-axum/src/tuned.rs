//! The hello contract through axum, under the fastest and safest server settings that we know.
mod app;

fn main() -> std::process::ExitCode {
    // Once for all requests, as axum::serve does.
    let app = app::app().with_state(());
    hello_server::run("svc-axum-tuned", hello_server::Tower(app))
}
