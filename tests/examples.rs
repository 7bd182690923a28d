//! The smaller examples say what their documentation promises.

#![cfg(all(feature = "std", not(highwater_narrow)))]

#[path = "common/example.rs"]
mod example;

/// The output of the example, if it ends well.
fn output(name: &str) -> String {
    let output = example::program(name).output().expect("the example runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// The words of the line that begins with `start`, without it.
fn words<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(start));
    line.unwrap_or_else(|| panic!("no line begins with {start:?} in\n{text}")).split_whitespace().collect()
}

#[test]
fn a_component_is_charged_with_all_its_memories() {
    let text = output("component");
    assert_eq!(words(&text, "what the lease added (own growth)"), ["1.19", "MiB", "64.00", "KiB"]);
    assert_eq!(words(&text, "what the Store then held (total)"), ["1.19", "MiB", "1.25", "MiB"]);
    assert_eq!(words(&text, "the largest single memory it grew"), ["512.00", "KiB", "320.00", "KiB"]);
}

#[cfg(feature = "wasmi")]
#[test]
fn a_wasmi_host_tells_own_growth_from_inherited() {
    let text = output("wasmi_host");
    let (turns, report) = text.split_once("\n\n").expect("two parts");
    let update = words(turns, "update ").join(" ");
    assert!(
        update.starts_with("30 24 960.00 KiB 576.00 KiB 1.50 MiB growth denied: over the memory ceiling"),
        "{update}"
    );
    assert_eq!(words(report, "update "), ["960.00", "KiB"]);
    assert_eq!(words(report, "radio "), ["320.00", "KiB"]);
    assert_eq!(words(report, "sensor "), ["128.00", "KiB"]);
    assert_eq!(words(report, "no other principal ever grew more than"), ["64.00", "KiB"]);
}

/// Snapshots of two windows, one in the report of a host.
const WINDOWS: &str = r#"
    {"version":1,"window":1,"capacity":2,"untracked_at_most":65536,"refused":0,
     "entries":[["alice",4194304],["bob",131072]]}
    {"seed":1,"snapshot":{"version":1,"window":2,"capacity":2,"untracked_at_most":0,"refused":0,
     "entries":[["carol",2097152],["bob",1048576]]}}"#;

#[test]
fn a_fleet_is_merged_and_drawn() {
    let folder = std::env::temp_dir().join(format!("highwater-fleet-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (input, chart) = (folder.join("windows.json"), folder.join("windows.svg"));
    std::fs::write(&input, WINDOWS).expect("written");
    let run = |arguments: &[&str]| example::program("fleet").args(arguments).output().expect("it runs");

    let output = run(&[input.to_str().unwrap(), "--top", "2", "--svg", chart.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(words(&text, "alice")[..2], ["4.00", "MiB"]);
    assert_eq!(words(&text, "carol")[..2], ["2.00", "MiB"]);
    assert!(text.starts_with("3 principals of 2 snapshots") && text.contains("at most 64.00 KiB"), "{text}");
    let drawn = std::fs::read_to_string(&chart).expect("a chart");
    assert!(drawn.contains("Peaks of each window") && drawn.contains("alice"), "{drawn}");

    std::fs::write(&input, r#"{"version":1,"entries":[]}"#).expect("written");
    let output = run(&[input.to_str().unwrap()]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("windows.json: missing field `capacity`"), "{errors}");
    std::fs::remove_dir_all(folder).expect("removed");
}
