// SPDX-License-Identifier: MIT OR Apache-2.0
//! libfrusa for Rust: `Global` serves a whole program, `Instance` a part of it.
//!
//! Rust names the layout of an object when it gives the object back. The calls of libfrusa that take
//! a layout need not look the object up.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};

mod ffi;

pub use ffi::Stats;

/// A static instance over pages of the system: FRUSA_INITIALIZER(NULL, NULL) of `<frusa.h>`.
///
///     #[global_allocator]
///     static HEAP: frusa::Global = frusa::Global::new();
#[repr(C, align(64))]
pub struct Global(UnsafeCell<[usize; ffi::INSTANCE_WORDS]>);

// Every call of libfrusa may be made from any thread.
unsafe impl Sync for Global {}

impl Global {
    /// All zero: no fallback of its own, default options.
    pub const fn new() -> Self {
        Global(UnsafeCell::new([0; ffi::INSTANCE_WORDS]))
    }

    fn raw(&self) -> *mut ffi::Frusa {
        self.0.get().cast()
    }

    /// Gives all memory without a live object back; returns the bytes.
    pub fn reclaim(&self) -> usize {
        unsafe { ffi::frusa_reclaim(self.raw()) }
    }

    pub fn stats(&self) -> Stats {
        stats_of(self.raw())
    }
}

impl Default for Global {
    fn default() -> Self {
        Self::new()
    }
}

unsafe impl GlobalAlloc for Global {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ffi::frusa_alloc(self.raw(), layout.size(), layout.align()).cast()
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ffi::frusa_alloc_zeroed(self.raw(), layout.size(), layout.align()).cast()
    }

    unsafe fn dealloc(&self, object: *mut u8, layout: Layout) {
        ffi::frusa_dealloc(self.raw(), object.cast(), layout.size(), layout.align())
    }

    unsafe fn realloc(&self, object: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        ffi::frusa_realloc(self.raw(), object.cast(), size, align, new_size).cast()
    }
}

fn stats_of(raw: *mut ffi::Frusa) -> Stats {
    let mut stats = Stats::default();
    // Fails only for options out of range, which these instances do not have.
    unsafe { ffi::frusa_get_stats(raw, &mut stats) };
    stats
}

/// There is no memory, or the limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocError;

/// An instance with a limit of its own, and with the calls of the unstable `Allocator`.
pub struct Instance(NonNull<ffi::Frusa>);

unsafe impl Send for Instance {}
unsafe impl Sync for Instance {}

impl Instance {
    /// `limit`: the most bytes that it holds; 0: no limit.
    pub fn with_limit(limit: usize) -> Result<Self, AllocError> {
        let config = ffi::Config { limit, ..ffi::Config::default() };
        let raw = unsafe { ffi::frusa_create_with(ptr::null(), &config) };
        NonNull::new(raw).map(Instance).ok_or(AllocError)
    }

    pub fn allocate(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        let object = unsafe { ffi::frusa_alloc(self.0.as_ptr(), layout.size(), layout.align()) };
        NonNull::new(object.cast()).ok_or(AllocError)
    }

    /// # Safety
    /// `object` is an object of this instance with this layout, which is not used afterwards.
    pub unsafe fn deallocate(&self, object: NonNull<u8>, layout: Layout) {
        let (size, align) = (layout.size(), layout.align());
        ffi::frusa_dealloc(self.0.as_ptr(), object.as_ptr().cast(), size, align)
    }

    /// A value in this instance, to be used like a `Box`.
    pub fn own<T>(&self, value: T) -> Result<Owned<'_, T>, AllocError> {
        let object = self.allocate(Layout::new::<T>())?.cast::<T>();
        unsafe { object.as_ptr().write(value) };
        Ok(Owned { object, instance: self })
    }

    pub fn reclaim(&self) -> usize {
        unsafe { ffi::frusa_reclaim(self.0.as_ptr()) }
    }

    pub fn stats(&self) -> Stats {
        stats_of(self.0.as_ptr())
    }
}

impl Drop for Instance {
    /// No object is left: each of them borrows the instance.
    fn drop(&mut self) {
        unsafe { ffi::frusa_destroy(self.0.as_ptr()) }
    }
}

/// A value that lives in an instance.
pub struct Owned<'a, T> {
    object: NonNull<T>,
    instance: &'a Instance,
}

unsafe impl<T: Send> Send for Owned<'_, T> {}
unsafe impl<T: Sync> Sync for Owned<'_, T> {}

impl<T> Deref for Owned<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        unsafe { self.object.as_ref() }
    }
}

impl<T> DerefMut for Owned<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        unsafe { self.object.as_mut() }
    }
}

impl<T> Drop for Owned<'_, T> {
    fn drop(&mut self) {
        unsafe {
            ptr::drop_in_place(self.object.as_ptr());
            self.instance.deallocate(self.object.cast(), Layout::new::<T>());
        }
    }
}
