//! `npm run fuzz -- --minutes N [--target NAME] [--seed N]`: hostile bytes for as long as asked, findings into a folder.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rejoin_fuzz::session::{Finding, run, shrink};
use rejoin_fuzz::target::Target;
use rejoin_fuzz::targets;

/// Each target has so long before it is the next one's turn.
const TURN: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let option = |name: &str| std::env::args().skip_while(|word| word != name).nth(1);
    let number =
        |name: &str, default| option(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let wanted = option("--target");
    let chosen: Vec<Target> = targets::all()
        .into_iter()
        .filter(|target| wanted.as_deref().is_none_or(|name| name == target.name))
        .collect();
    if chosen.is_empty() {
        println!("no such target; there are: {}", names());
        return ExitCode::FAILURE;
    }
    std::panic::set_hook(Box::new(|_| {}));
    let folder =
        PathBuf::from(option("--findings").unwrap_or_else(|| "target/fuzz-findings".into()));
    let time = Duration::from_secs_f64(60.0 * number("--minutes", 1.0));
    let seed = option("--seed")
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| std::process::id().into());
    let findings = rounds(&chosen, seed, time, &folder);
    if findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn names() -> String {
    targets::all().iter().map(|target| target.name).collect::<Vec<_>>().join(", ")
}

fn rounds(chosen: &[Target], seed: u64, time: Duration, folder: &std::path::Path) -> usize {
    let start = Instant::now();
    let mut fed: Vec<u64> = vec![0; chosen.len()];
    let mut findings = 0;
    println!("seed {seed}, {} targets, {} s", chosen.len(), time.as_secs());
    while start.elapsed() < time {
        for (at, target) in chosen.iter().enumerate() {
            let end = Instant::now()
                + TURN.min(time.saturating_sub(start.elapsed()) / (chosen.len() - at) as u32);
            let (next, finding) = run(*target, seed, fed[at], move |_| Instant::now() >= end);
            fed[at] = next;
            if let Some(finding) = finding {
                findings += 1;
                fed[at] += 1;
                keep(folder, &shrink(*target, finding));
            }
        }
        let total: u64 = fed.iter().sum();
        println!("{:>6} s: {total} inputs, {findings} findings", start.elapsed().as_secs());
    }
    for (target, count) in chosen.iter().zip(&fed) {
        println!("  {:<20} {count}", target.name);
    }
    println!("fuzz: {} inputs, {findings} findings, seed {seed}", fed.iter().sum::<u64>());
    findings
}

fn keep(folder: &std::path::Path, finding: &Finding) {
    let hash = finding.input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let file = folder.join(finding.target).join(format!("{hash:016x}.bin"));
    let written = file.parent().is_some_and(|folder| std::fs::create_dir_all(folder).is_ok())
        && std::fs::write(&file, &finding.input).is_ok();
    let place = if written { file.display().to_string() } else { format!("{:?}", finding.input) };
    println!("✗ {}: {} ({} bytes) → {place}", finding.target, finding.what, finding.input.len());
}
