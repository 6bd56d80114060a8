use hello_bench::{engine::*, scenario::*};
struct O(std::time::Instant);
impl Observer for O {
    fn begin(&mut self) {}
    fn tick(&mut self) -> bool {
        true
    }
    fn end(&mut self) {}
}
fn main() {
    let mut a = std::env::args().skip(1);
    let t = target::Target::parse(&a.next().unwrap()).unwrap();
    let name = a.next().unwrap();
    let all = Scenario::read("k6/scenarios.json".as_ref()).unwrap();
    let s = all.iter().find(|s| s.name == name).unwrap();
    let d = drive(
        &Load {
            target: &t,
            scenario: s,
            strictness: verify::Strictness::Exact,
            threads: 1,
            seed: 1,
        },
        &mut O(std::time::Instant::now()),
    )
    .unwrap();
    let l = d.record.latency();
    println!(
        "answers {} right {} wrong {} {:?} in {:?} = {:.0}/s gen {:.2} cpu/req {:.2}us p50 {:.1} p99 {:.1} max {:.1} lag p50 {:.1} p99 {:.1} unsent {}",
        d.answers,
        d.record.right,
        d.record.wrong,
        d.record.first_wrong,
        d.elapsed,
        d.answers as f64 / d.elapsed.as_secs_f64(),
        d.generator_cpu.as_secs_f64() / d.elapsed.as_secs_f64(),
        d.generator_cpu.as_secs_f64() * 1e6 / d.answers as f64,
        l.value_at_quantile(0.5) as f64 / 1e3,
        l.value_at_quantile(0.99) as f64 / 1e3,
        l.max() as f64 / 1e3,
        d.record.lag.value_at_quantile(0.5) as f64 / 1e3,
        d.record.lag.value_at_quantile(0.99) as f64 / 1e3,
        d.record.unsent
    );
}
