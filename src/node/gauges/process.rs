//! The process and its disks: what the system says. Where it says nothing, nothing is told.

use super::family;
use crate::log::manager::LogManager;
use crate::metrics::{Family, Sample};

pub(super) fn families(logs: &LogManager) -> Vec<Family> {
    let mut families = process();
    families.extend(disks(logs));
    families
}

fn process() -> Vec<Family> {
    let mut families = Vec::new();
    let page = rustix::param::page_size() as f64;
    let resident = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<f64>().ok());
    if let Some(pages) = resident {
        families.push(Family::gauge(
            "process_resident_memory_bytes",
            "Memory in use.",
            pages * page,
        ));
    }
    // Behind the name, which may hold anything, the fields are those of proc(5) from the third on.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit_once(')')
        .map(|(_, rest)| {
            rest.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect()
        })
        .unwrap_or_default();
    if let (Some(user), Some(system)) = (fields.get(11), fields.get(12)) {
        let seconds = (user + system) / rustix::param::clock_ticks_per_second() as f64;
        families.push(Family::counter("process_cpu_seconds_total", "CPU time used.", seconds));
    }
    if let Some(threads) = fields.get(17) {
        families.push(Family::gauge("process_threads", "Threads.", *threads));
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        families.push(Family::gauge("process_open_fds", "Open files.", open.count() as f64));
    }
    if let Some(max) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
        families.push(Family::gauge("process_max_fds", "Files that may be open.", max as f64));
    }
    families
}

/// Kafka tells whether log directories are offline; how much room they have it does not, and dashboards want it.
fn disks(logs: &LogManager) -> Vec<Family> {
    let labelled = |label: &'static str, path: &std::path::Path, value: f64| Sample {
        labels: vec![(label, path.display().to_string())],
        value,
    };
    let (mut offline, mut free, mut total) = (Vec::new(), Vec::new(), Vec::new());
    for dir in logs.dirs() {
        offline.push(labelled("logDirectory", dir.path(), super::flag(dir.is_offline())));
        if let Ok(disk) = rustix::fs::statvfs(dir.path()) {
            let bytes = |blocks: u64| (blocks * disk.f_frsize) as f64;
            free.push(labelled("log_dir", dir.path(), bytes(disk.f_bavail)));
            total.push(labelled("log_dir", dir.path(), bytes(disk.f_blocks)));
        }
    }
    let count = offline.iter().map(|sample| sample.value).sum();
    vec![
        Family::gauge(
            "kafka_log_logmanager_offlinelogdirectorycount",
            "Log directories that have failed.",
            count,
        ),
        family("kafka_log_logmanager_logdirectoryoffline", "1 when it has failed.", offline),
        family("vltava_log_dir_free_bytes", "Room on the disk of a log directory.", free),
        family("vltava_log_dir_total_bytes", "The size of the disk of a log directory.", total),
    ]
}
