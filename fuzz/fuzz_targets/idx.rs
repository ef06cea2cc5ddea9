//! Any bytes are an IDX file or a typed error.

#![no_main]

use gradus::data::IdxTensor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(tensor) = IdxTensor::read(bytes, "fuzz") {
        let product: usize = tensor.dims().iter().product();
        assert_eq!(product, tensor.data().len());
        // Written again as it is documented, it is the same.
        let mut file = vec![0, 0, 8, tensor.dims().len() as u8];
        file.extend(tensor.dims().iter().flat_map(|&dim| (dim as u32).to_be_bytes()));
        file.extend_from_slice(tensor.data());
        assert_eq!(IdxTensor::read(file.as_slice(), "again").unwrap(), tensor);
    }
});
