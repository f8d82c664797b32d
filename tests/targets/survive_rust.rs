// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//! Panics that pass calls and are caught, as survive_truth.h has it for C: survive_rust SCENARIO.
use std::collections::BTreeMap;
use std::env;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::io::FromRawFd;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

// --- the truth -----------------------------------------------------------------------------------

struct Truth {
    file: Option<File>,
    gate: Option<(File, File)>,
    counts: BTreeMap<(&'static str, &'static str), u64>,
    thrown_ns: u128,
}

static mut TRUTH: Option<Mutex<Truth>> = None;

fn truth<T>(use_it: impl FnOnce(&mut Truth) -> T) -> T {
    let mutex = unsafe { TRUTH.as_ref().unwrap() };
    use_it(&mut mutex.lock().unwrap())
}

fn wall_now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()
}

impl Truth {
    fn new() -> Truth {
        let file = env::var("TRUTH").ok().map(|path| {
            OpenOptions::new().append(true).create(true).open(path).unwrap()
        });
        let gate = env::var("GATE").ok().map(|numbers| {
            let (r, w) = numbers.split_once(',').unwrap();
            unsafe {
                (File::from_raw_fd(r.parse().unwrap()), File::from_raw_fd(w.parse().unwrap()))
            }
        });
        Truth { file, gate, counts: BTreeMap::new(), thrown_ns: 0 }
    }

    fn tell(&mut self, line: String) {
        if let Some(file) = &mut self.file {
            file.write_all((line + "\n").as_bytes()).unwrap();
        }
    }

    fn tell_counts(&mut self) {
        for ((ending, function), n) in std::mem::take(&mut self.counts) {
            self.tell(format!("{ending} {function} {n}"));
        }
    }

    fn gate(&mut self) {
        self.tell_counts();
        self.tell("gate".into());
        if let Some((going, reached)) = &mut self.gate {
            reached.write_all(b"g").unwrap();
            going.read_exact(&mut [0]).unwrap();
        }
    }
}

fn ends_times(function: &'static str, ending: &'static str, n: u64) {
    truth(|t| *t.counts.entry((ending, function)).or_insert(0) += n);
}

fn enters(function: &'static str) {
    ends_times(function, "entries", 1);
}

fn returns(function: &'static str) {
    ends_times(function, "returned", 1);
}

/// Calls of this thread that are over now, not only when their stack is used again.
fn passed(function: &'static str, n: u64) {
    let link = std::fs::read_link("/proc/thread-self").unwrap();
    let tid = link.file_name().unwrap().to_str().unwrap();
    ends_times(function, "exception", n);
    truth(|t| t.tell(format!("passed {function} {tid} {n} {} {}", t.thrown_ns, wall_now())));
}

fn thrown_now() {
    truth(|t| t.thrown_ns = wall_now());
}

// --- the traced functions ------------------------------------------------------------------------

#[no_mangle]
#[inline(never)]
pub fn leaf(x: u64) -> u64 {
    enters("leaf");
    returns("leaf");
    x + 1
}

#[no_mangle]
#[inline(never)]
pub fn sleeps(time: Duration) -> Duration {
    enters("sleeps");
    let start = Instant::now();
    thread::sleep(time);
    let slept = start.elapsed();
    returns("sleeps");
    slept
}

struct Guard(u64);

/// Runs when a Guard goes: while the stack is unwound, if a panic passes.
#[no_mangle]
#[inline(never)]
pub fn drops(n: u64) -> u64 {
    enters("drops");
    let result = leaf(n);
    returns("drops");
    result
}

impl Drop for Guard {
    fn drop(&mut self) {
        drops(self.0);
    }
}

#[no_mangle]
#[inline(never)]
pub fn panics(i: u64, gate: bool) -> u64 {
    enters("panics");
    if i % 3 == 0 {
        if gate {
            truth(|t| t.gate());
        }
        thrown_now();
        panic!("number {i}");
    }
    returns("panics");
    i * 2
}

#[no_mangle]
#[inline(never)]
pub fn passes(i: u64, depth: u64, gate: bool) -> u64 {
    enters("passes");
    let guard = Guard(depth);
    let result = if depth > 0 { passes(i, depth - 1, gate) } else { panics(i, gate) };
    returns("passes");
    result + guard.0
}

#[no_mangle]
#[inline(never)]
pub fn catches(i: u64, gate: bool) -> u64 {
    enters("catches");
    let result = match catch_unwind(|| passes(i, 2, gate)) {
        Ok(number) => number,
        Err(why) => {
            passed("panics", 1);
            passed("passes", 3);
            if i == 3 {
                thread::sleep(Duration::from_millis(20));
            }
            why.downcast_ref::<String>().map_or(0, |text| text.len() as u64)
        }
    };
    leaf(result);
    returns("catches");
    result
}

/// Passed itself in the end, after the panic has rested in it.
#[no_mangle]
#[inline(never)]
pub fn resumes(i: u64) -> u64 {
    enters("resumes");
    let result = catch_unwind(|| passes(i, 1, false)).unwrap_or_else(|why| {
        passed("panics", 1);
        passed("passes", 2);
        leaf(i);
        thrown_now();
        resume_unwind(why)
    });
    returns("resumes");
    result
}

// --- the scenarios -------------------------------------------------------------------------------

fn sleep_once() {
    let when = wall_now();
    let start = Instant::now();
    let slept = sleeps(Duration::from_millis(20));
    let around = start.elapsed();
    truth(|t| t.tell(format!("slept sleeps {when} {} {}", slept.as_nanos(), around.as_nanos())));
}

fn run(round: u64) -> u64 {
    let mut checksum = 0u64;
    let mut mix = |n: u64| checksum = checksum.wrapping_mul(31).wrapping_add(n);
    for i in 0..10 {
        mix(catches(i, round == 1 && i == 6));
    }
    for i in 0..6 {
        mix(catch_unwind(|| resumes(i)).unwrap_or_else(|_| {
            passed("resumes", 1);
            77
        }));
    }
    let catching = || {
        for i in 0..7 {
            catches(i, false);
        }
    };
    let thread = thread::Builder::new().name("catching".into()).spawn(catching).unwrap();
    mix(thread.join().is_ok() as u64);
    sleep_once();
    checksum
}

fn main() {
    unsafe { TRUTH = Some(Mutex::new(Truth::new())) };
    truth(|t| t.tell(format!("begin {}", wall_now())));
    for round in 0..3 {
        if round > 0 {
            truth(|t| t.gate());
        }
        println!("round {round}, checksum {:x}", run(round));
    }
    truth(|t| {
        t.tell_counts();
        t.tell(format!("end {}", wall_now()))
    });
}
