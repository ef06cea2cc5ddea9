//! Prints a line for each run, its hash and its name, and one for all of them. `same-bits epoch N` measures an epoch instead.

use std::time::Instant;

use same_bits::runs::{Hash, jobs};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, samples] = &arguments[..]
        && command == "epoch"
    {
        let samples = samples.parse().expect("a number of samples");
        // The first one reads the digits into memory and the program into the caches.
        let seconds = [(); 4].map(|()| {
            let start = Instant::now();
            same_bits::epoch(samples);
            start.elapsed().as_secs_f64()
        });
        println!("{:.4} s", seconds.into_iter().fold(f64::INFINITY, f64::min));
        return;
    }
    eprintln!("vector instructions: {}", instructions());
    let mut all = Hash::default();
    for job in jobs() {
        let hash = (job.run)().unwrap_or_else(|error| panic!("{}: {error}", job.name));
        all.word(hash);
        println!("{hash:016x} {}", job.name);
    }
    println!("{:016x} all", all.0);
}

/// The vector instructions that this machine has, by what the crate asks for.
fn instructions() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    return match () {
        () if is_x86_feature_detected!("avx512f") => "AVX-512",
        () if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") => "AVX2",
        () => "none with fused multiply-adds",
    };
    #[cfg(not(target_arch = "x86_64"))]
    return std::env::consts::ARCH;
}
