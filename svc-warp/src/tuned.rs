//! The hello contract through warp, under the fastest and safest server settings that we know.
mod app;

fn main() -> std::process::ExitCode {
    let app = warp::service(app::app());
    hello_server::run("svc-warp-tuned", hello_server::Tower(app))
}
