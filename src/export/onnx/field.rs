//! The field numbers of each message, as in the format's definition.
//!
//! Source: `onnx.proto` of the ONNX project.

pub mod model {
    pub const IR_VERSION: u64 = 1;
    pub const PRODUCER_NAME: u64 = 2;
    pub const PRODUCER_VERSION: u64 = 3;
    pub const GRAPH: u64 = 7;
    pub const OPSET_IMPORT: u64 = 8;
    pub const METADATA_PROPS: u64 = 14;
    pub const FUNCTIONS: u64 = 25;
}
pub mod opset {
    pub const DOMAIN: u64 = 1;
    pub const VERSION: u64 = 2;
}
pub mod entry {
    pub const KEY: u64 = 1;
    pub const VALUE: u64 = 2;
}
pub mod graph {
    pub const NODE: u64 = 1;
    pub const NAME: u64 = 2;
    pub const INITIALIZER: u64 = 5;
    pub const INPUT: u64 = 11;
    pub const OUTPUT: u64 = 12;
}
pub mod node {
    pub const INPUT: u64 = 1;
    pub const OUTPUT: u64 = 2;
    pub const NAME: u64 = 3;
    pub const OP_TYPE: u64 = 4;
    pub const ATTRIBUTE: u64 = 5;
    pub const DOMAIN: u64 = 7;
}
pub mod attribute {
    pub const NAME: u64 = 1;
    pub const F: u64 = 2;
    pub const I: u64 = 3;
    pub const S: u64 = 4;
    pub const T: u64 = 5;
    pub const INTS: u64 = 8;
    pub const TYPE: u64 = 20;
    pub const REF_ATTR_NAME: u64 = 21;
}
pub mod tensor {
    pub const DIMS: u64 = 1;
    pub const DATA_TYPE: u64 = 2;
    pub const FLOAT_DATA: u64 = 4;
    pub const INT64_DATA: u64 = 7;
    pub const NAME: u64 = 8;
    pub const RAW_DATA: u64 = 9;
    pub const DOUBLE_DATA: u64 = 10;
    pub const EXTERNAL_DATA: u64 = 13;
    pub const DATA_LOCATION: u64 = 14;
}
pub mod value {
    pub const NAME: u64 = 1;
    pub const TYPE: u64 = 2;
}
pub mod kind {
    pub const TENSOR_TYPE: u64 = 1;
    pub const ELEM_TYPE: u64 = 1;
    pub const SHAPE: u64 = 2;
    pub const DIM: u64 = 1;
    pub const DIM_VALUE: u64 = 1;
    pub const DIM_PARAM: u64 = 2;
}
