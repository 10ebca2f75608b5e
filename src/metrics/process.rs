//! `process_*`: the resources of this process, read from `/proc` at each scrape (proc(5)).

use std::fs;

use nix::unistd::{SysconfVar, sysconf};
use prometheus::Registry;

use super::group::metric_group;

metric_group! {
    /// The names that Prometheus' own libraries give to the metrics of a process.
    ProcessFamilies {
        cpu_seconds: Counter = "process_cpu_seconds_total" []
            "User and system CPU time spent in seconds.";
        open_fds: IntGauge = "process_open_fds" []
            "Open file descriptors.";
        max_fds: IntGauge = "process_max_fds" []
            "Most file descriptors that may be open.";
        virtual_memory: IntGauge = "process_virtual_memory_bytes" []
            "Virtual memory in bytes.";
        resident_memory: IntGauge = "process_resident_memory_bytes" []
            "Resident memory in bytes.";
        start_time: IntGauge = "process_start_time_seconds" []
            "Start since 1970-01-01 UTC in seconds.";
        threads: IntGauge = "process_threads" []
            "Threads.";
    }
}

/// The metrics of this process.
pub(super) struct ProcessMetrics {
    families: ProcessFamilies,
    ticks_per_second: f64,
    page_size: u64,
}

impl ProcessMetrics {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let system = |name| sysconf(name).ok().flatten().and_then(|value| u64::try_from(value).ok());
        let families = ProcessFamilies::new(registry)?;
        // Now is the start time, true to a second. The exact one needs `/proc/stat`, which the sandboxed unit hides.
        families.start_time.set(gauge(crate::clock::since_epoch().as_secs()));
        Ok(Self {
            families,
            ticks_per_second: system(SysconfVar::CLK_TCK).unwrap_or(100) as f64,
            page_size: system(SysconfVar::PAGE_SIZE).unwrap_or(4096),
        })
    }

    /// Reads the values of this moment.
    pub(super) fn update(&self) {
        let Self { families, ticks_per_second, page_size } = self;
        if let Some(stat) = Stat::read() {
            let cpu = stat.cpu_ticks as f64 / ticks_per_second - families.cpu_seconds.get();
            families.cpu_seconds.inc_by(cpu.max(0.0));
            families.virtual_memory.set(gauge(stat.virtual_bytes));
            families.resident_memory.set(gauge(stat.resident_pages.saturating_mul(*page_size)));
            families.threads.set(gauge(stat.threads));
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            // One of them is for reading this folder.
            families.open_fds.set(gauge(open.count().saturating_sub(1) as u64));
        }
        if let Some(limit) = open_files_limit() {
            families.max_fds.set(gauge(limit));
        }
    }
}

/// The number of files that this process may have open. It is read from `/proc`, because a sandbox that keeps services
/// from raising the limit denies the system call that asks for it.
pub fn open_files_limit() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// Parts of `/proc/self/stat`.
struct Stat {
    cpu_ticks: u64,
    threads: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

impl Stat {
    fn read() -> Option<Self> {
        let text = fs::read_to_string("/proc/self/stat").ok()?;
        // The name of the program may contain anything, but is in parentheses; the third field follows them.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: field(14)? + field(15)?,
            threads: field(20)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
