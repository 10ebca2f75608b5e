//! `process_*`: what this process uses, read from `/proc` at each scrape (proc(5)).

use std::fs;

use nix::unistd::{SysconfVar, sysconf};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, IntGauge};

/// Collects the process metrics under the names that Prometheus' own libraries give them.
pub(super) struct Process {
    ticks_per_second: f64,
    page_size: u64,
    cpu_seconds: Counter,
    open_fds: IntGauge,
    max_fds: IntGauge,
    virtual_memory: IntGauge,
    resident_memory: IntGauge,
    start_time: IntGauge,
    threads: IntGauge,
}

impl Process {
    pub(super) fn new() -> prometheus::Result<Self> {
        let system = |name| sysconf(name).ok().flatten().and_then(|value| u64::try_from(value).ok());
        let ticks_per_second = system(SysconfVar::CLK_TCK).unwrap_or(100) as f64;
        let process = Self {
            ticks_per_second,
            page_size: system(SysconfVar::PAGE_SIZE).unwrap_or(4096),
            cpu_seconds: Counter::new(
                "process_cpu_seconds_total",
                "User and system CPU time spent in seconds.",
            )?,
            open_fds: IntGauge::new("process_open_fds", "Open file descriptors.")?,
            max_fds: IntGauge::new("process_max_fds", "Most file descriptors that may be open.")?,
            virtual_memory: IntGauge::new("process_virtual_memory_bytes", "Virtual memory in bytes.")?,
            resident_memory: IntGauge::new("process_resident_memory_bytes", "Resident memory in bytes.")?,
            start_time: IntGauge::new(
                "process_start_time_seconds",
                "Start since 1970-01-01 UTC in seconds.",
            )?,
            threads: IntGauge::new("process_threads", "Threads.")?,
        };
        // This is made within a second of the start. What `/proc/stat` knows better is hidden in a sandbox.
        process.start_time.set(gauge(crate::clock::since_epoch().as_secs()));
        Ok(process)
    }

    fn metrics(&self) -> [&dyn Collector; 7] {
        [
            &self.cpu_seconds,
            &self.open_fds,
            &self.max_fds,
            &self.virtual_memory,
            &self.resident_memory,
            &self.start_time,
            &self.threads,
        ]
    }

    fn update(&self) {
        if let Some(stat) = Stat::read() {
            let cpu = stat.cpu_ticks as f64 / self.ticks_per_second - self.cpu_seconds.get();
            self.cpu_seconds.inc_by(cpu.max(0.0));
            self.virtual_memory.set(gauge(stat.virtual_bytes));
            self.resident_memory.set(gauge(stat.resident_pages.saturating_mul(self.page_size)));
            self.threads.set(gauge(stat.threads));
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            // One of them is for reading this folder.
            self.open_fds.set(gauge(open.count().saturating_sub(1) as u64));
        }
        if let Some(most) = open_files_limit() {
            self.max_fds.set(gauge(most));
        }
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.metrics().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.update();
        self.metrics().into_iter().flat_map(Collector::collect).collect()
    }
}

/// The files that this process may have open. Read, not asked for: the system call for it is denied in a sandbox that
/// keeps services from raising it.
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
        // The name of the program may contain anything, but is in parentheses; the third field comes behind it.
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
