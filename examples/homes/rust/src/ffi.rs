// SPDX-License-Identifier: MIT OR Apache-2.0
//! What of `<frusa.h>` the crate uses.

use std::os::raw::{c_int, c_uint, c_void};
use std::ptr;

/// The size of an instance never changes while the library is called libfrusa.so.0.
pub const INSTANCE_WORDS: usize = 16384 / std::mem::size_of::<usize>();

#[repr(C)]
pub struct Frusa {
    _private: [u8; 0],
}

#[repr(C)]
pub struct Config {
    pub managed_max: usize,
    pub thread_cache_max: usize,
    pub limit: usize,
    pub flags: c_uint,
    pub reserved: [*mut c_void; 4],
}

impl Default for Config {
    fn default() -> Self {
        Config {
            managed_max: 0,
            thread_cache_max: 0,
            limit: 0,
            flags: 0,
            reserved: [ptr::null_mut(); 4],
        }
    }
}

/// What an instance holds, in bytes: struct frusa_stats.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    pub allocated_from_fallback: usize,
    pub in_use: usize,
    pub allocated_metadata: usize,
    pub in_use_metadata: usize,
    pub cached: usize,
    pub large: usize,
    pub purged: usize,
    pub reclaimed_total: usize,
    pub peak_allocated: usize,
    pub fallback_allocs: usize,
    pub fallback_deallocs: usize,
    reserved: [usize; 6],
}

extern "C" {
    pub fn frusa_create_with(ops: *const c_void, config: *const Config) -> *mut Frusa;
    pub fn frusa_destroy(f: *mut Frusa);
    pub fn frusa_alloc(f: *mut Frusa, size: usize, align: usize) -> *mut c_void;
    pub fn frusa_alloc_zeroed(f: *mut Frusa, size: usize, align: usize) -> *mut c_void;
    pub fn frusa_dealloc(f: *mut Frusa, object: *mut c_void, size: usize, align: usize);
    pub fn frusa_realloc(
        f: *mut Frusa,
        object: *mut c_void,
        size: usize,
        align: usize,
        new_size: usize,
    ) -> *mut c_void;
    pub fn frusa_reclaim(f: *mut Frusa) -> usize;
    pub fn frusa_get_stats(f: *mut Frusa, out: *mut Stats) -> c_int;
}
