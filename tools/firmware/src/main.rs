//! Runs a written network on a Cortex-M under qemu, and prints whether its outputs have the expected bits, the bytes of flash and of
//! stack, and the instructions for each prediction.
//!
//! It has no dependency and no panic: `run` looks for one in the linked program.

#![no_std]
#![no_main]
#![deny(warnings)]

use core::arch::asm;
use core::hint::black_box;
use core::ptr::{addr_of, read_volatile, write_volatile};

/// The file that `RustSource` has written.
mod network {
    #![forbid(unsafe_code)]
    include!(concat!(env!("FIRMWARE_NETWORK"), "/network.rs"));
}

/// Inputs, and the bits of the outputs that are expected.
mod samples {
    use super::network::{N_INPUTS, N_OUTPUTS};
    include!(concat!(env!("FIRMWARE_NETWORK"), "/samples.rs"));
}

use network::{N_INPUTS, N_OUTPUTS};
use samples::SAMPLES;

unsafe extern "C" {
    static __flash_start: u8;
    static __flash_end: u8;
    static __stack_end: u32;
}

#[inline(never)]
fn predict(x: &[f32; N_INPUTS]) -> [f32; N_OUTPUTS] {
    if cfg!(feature = "empty") {
        return [x.iter().fold(0.0, |_, x| *x); N_OUTPUTS];
    }
    #[cfg(feature = "vfma")]
    return network::predict_with(vfma, x);
    #[cfg(not(feature = "vfma"))]
    network::predict(x)
}

/// a b + c, rounded once: the arguments are in s0, s1 and s2, the result is in s0.
#[cfg(feature = "vfma")]
#[inline(always)]
fn vfma(a: f32, b: f32, c: f32) -> f32 {
    unsafe extern "C" {
        safe fn multiply_add(a: f32, b: f32, c: f32) -> f32;
    }
    multiply_add(a, b, c)
}

#[cfg(feature = "vfma")]
core::arch::global_asm!(
    ".thumb_func",
    ".global multiply_add",
    "multiply_add:",
    "vfma.f32 s2, s0, s1",
    "vmov.f32 s0, s2",
    "bx lr"
);

/// The processor begins here.
#[unsafe(no_mangle)]
extern "C" fn reset() -> ! {
    #[cfg(target_abi = "eabihf")]
    // SAFETY: the register that turns the floating-point unit on; no such instruction is executed before.
    unsafe {
        write_volatile(0xE000_ED88 as *mut u32, 0xF << 20);
        asm!("dsb", "isb");
    }
    measure()
}

#[inline(never)]
fn measure() -> ! {
    // SAFETY: the system timer counts down at 25 MHz; of an instruction qemu makes a nanosecond.
    unsafe {
        write_volatile(0xE000_E014 as *mut u32, 0x00FF_FFFF);
        write_volatile(0xE000_E018 as *mut u32, 0);
        write_volatile(0xE000_E010 as *mut u32, 5);
    }
    let (mut different, mut ticks, mut stack) = (0u32, 0u32, 0u32);
    for (x, expected) in &SAMPLES {
        let top = paint();
        let start = now();
        let outputs = predict(black_box(x));
        ticks = ticks.wrapping_add(start.wrapping_sub(now()) & 0x00FF_FFFF);
        stack = stack.max(top.wrapping_sub(lowest_written()));
        let differs = outputs.iter().zip(expected).any(|(output, expected)| output.to_bits() != *expected);
        different = different.wrapping_add(u32::from(differs));
    }
    let flash = (addr_of!(__flash_end) as u32).wrapping_sub(addr_of!(__flash_start) as u32);
    print(b"different ", different);
    print(b"samples ", SAMPLES.len() as u32);
    print(b"flash ", flash);
    print(b"stack ", stack);
    print(b"ticks ", ticks);
    exit(if different == 0 || cfg!(feature = "empty") { 0 } else { 1 })
}

fn now() -> u32 {
    // SAFETY: a register of the system timer.
    unsafe { read_volatile(0xE000_E018 as *const u32) }
}

const PAINT: u32 = 0xA5A5_5A5A;

/// Paints the free stack, up to 64 KiB, and returns its upper end.
#[inline(always)]
fn paint() -> u32 {
    let top: u32;
    // SAFETY: below the stack pointer nothing is kept.
    unsafe {
        asm!("mov {}, sp", out(reg) top);
        let mut at = (top - (1 << 16)) as *mut u32;
        while (at as u32) < top {
            write_volatile(at, PAINT);
            at = at.add(1);
        }
    }
    top
}

/// The lowest address that is no longer painted.
#[inline(always)]
fn lowest_written() -> u32 {
    // SAFETY: it reads words that were painted.
    unsafe {
        let mut at: *const u32;
        asm!("mov {}, sp", out(reg) at);
        at = at.sub(1 << 14);
        if (at as u32) < addr_of!(__stack_end) as u32 {
            return 0;
        }
        while read_volatile(at) == PAINT {
            at = at.add(1);
        }
        at as u32
    }
}

/// Prints a line: a text and a number.
fn print(text: &[u8], number: u32) {
    text.iter().for_each(|byte| put(*byte));
    let mut unit = 1_000_000_000;
    let mut rest = number;
    while unit > 0 {
        if number >= unit || unit == 1 {
            put(b'0' + (rest / unit) as u8);
        }
        rest %= unit;
        unit /= 10;
    }
    put(b'\n');
}

fn put(byte: u8) {
    semihosting(3, &raw const byte as u32);
}

fn exit(code: u32) -> ! {
    let arguments = [0x20026, code];
    semihosting(0x20, arguments.as_ptr() as u32);
    loop {}
}

/// Asks qemu for something.
fn semihosting(operation: u32, argument: u32) {
    // SAFETY: qemu answers in r0, and reads what `argument` points to.
    unsafe { asm!("bkpt 0xAB", inout("r0") operation => _, in("r1") argument) };
}

/// Faults and the like: none is expected.
#[unsafe(no_mangle)]
extern "C" fn fault() -> ! {
    exit(2)
}

#[panic_handler]
fn on_panic(_: &core::panic::PanicInfo<'_>) -> ! {
    exit(3)
}
