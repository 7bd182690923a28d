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
