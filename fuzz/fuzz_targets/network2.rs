//! Any text is a network of the book's program or a typed error.

#![no_main]

use gradus::persist::Network2;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    if let Ok(book) = Network2::from_json(text) {
        assert!(book.network.parameters().flatten().all(|value| value.is_finite()));
        assert_eq!(Network2::from_json(&book.to_json().unwrap()).unwrap(), book);
    }
});
