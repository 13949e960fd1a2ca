// SPDX-License-Identifier: MIT OR Apache-2.0
//! A Rust program whose heap is one instance, and a part of it with an instance of its own.
//!
//! What it buys: after a peak the memory goes back when the program says so, whichever threads
//! dropped the objects. A part of the program gets a limit that it survives.

use std::collections::HashMap;
use std::thread;

#[global_allocator]
static HEAP: frusa::Global = frusa::Global::new();

const MIB: f64 = 1024.0 * 1024.0;

fn held() -> usize {
    let stats = HEAP.stats();
    stats.allocated_from_fallback + stats.large
}

/// Threads build maps; another thread drops them. Returns the bytes held at the peak.
fn build_and_drop() -> usize {
    let builders: Vec<_> = (0..4)
        .map(|part| {
            thread::spawn(move || {
                (0..50_000).map(|i| (format!("key {part} {i}"), vec![i; i % 20])).collect::<HashMap<_, _>>()
            })
        })
        .collect();
    let maps: Vec<_> = builders.into_iter().map(|builder| builder.join().unwrap()).collect();
    assert_eq!(maps[3]["key 3 777"], vec![777; 17]);
    let peak = held();
    thread::spawn(move || drop(maps)).join().unwrap();
    peak
}

/// Fills an instance to its limit; returns how many objects there was room for.
fn fill(instance: &frusa::Instance) -> usize {
    let mut objects = Vec::new();
    while let Ok(object) = instance.own([objects.len(); 100]) {
        objects.push(object);
    }
    assert!(objects.iter().enumerate().all(|(i, object)| object[99] == i));
    objects.len()
}

fn main() {
    let peak = build_and_drop();
    HEAP.reclaim();
    let after = held();
    assert!(after < peak / 10, "{after} bytes of {peak} are left");

    let instance = frusa::Instance::with_limit(4 << 20).unwrap();
    let room = fill(&instance);
    assert!(room > 3000 && fill(&instance) > 3000);
    instance.reclaim();

    println!(
        "global allocator: {:.1} MiB held, {:.1} MiB after reclaim; an instance of 4 MiB took {room} \
         objects of 800 bytes, then refused",
        peak as f64 / MIB,
        after as f64 / MIB
    );
}
