//! The hello contract through hyper, under the fastest and safest server settings that we know.
mod app;

fn main() -> std::process::ExitCode {
    let app = hyper::service::service_fn(app::app);
    hello_server::run("svc-hyper-tuned", app)
}
