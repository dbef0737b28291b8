//! A few thousand hostile inputs for each target, the same in each run, and every file that ever did harm.

use std::path::Path;

use rejoin_fuzz::session::run;
use rejoin_fuzz::target::Target;
use rejoin_fuzz::targets;

/// Inputs of each target in a run; `FUZZ_INPUTS` asks for more.
const INPUTS: u64 = 3_000;

fn target(name: &str) -> Target {
    targets::all().into_iter().find(|target| target.name == name).expect("a target of that name")
}

fn survives(name: &str) {
    let inputs =
        std::env::var("FUZZ_INPUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(INPUTS);
    let (_, finding) = run(target(name), 1, 0, move |number| number >= inputs);
    if let Some(finding) = finding {
        panic!("{name}: {}\n{:?}", finding.what, finding.input);
    }
}

macro_rules! targets_survive {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { survives(stringify!($name)); })*

        #[test]
        fn every_target_is_fed() {
            let fed = [$(stringify!($name)),*];
            let known: Vec<_> = targets::all().iter().map(|target| target.name).collect();
            assert_eq!(known, fed);
        }
    };
}

targets_survive!(
    preflight_v1,
    preflight_vs_yrs,
    apply_guarded,
    state_vector,
    gate_order,
    frame_decode,
    awareness,
    messages_dialect,
    client_frames,
    log_record_load,
    snapshot_load,
    signaling_json,
    peer_frames,
    peer_control,
    event_stream,
    socket_io,
    tunnel_body,
    hub_frames,
);

#[test]
fn whatever_once_did_harm_does_none() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("findings");
    for kind in std::fs::read_dir(folder).expect("the findings").filter_map(Result::ok) {
        let Ok(files) = std::fs::read_dir(kind.path()) else { continue };
        let target = target(&kind.file_name().to_string_lossy());
        for file in files.filter_map(Result::ok) {
            let input = std::fs::read(file.path()).expect("a finding");
            let outcome = target.run(&input);
            assert_eq!(outcome, Ok(()), "{}", file.path().display());
        }
    }
}
