//! A graph that is being written.

use nalgebra::DMatrix;

use super::array::{DOUBLE, element_type};
use super::attribute::{ATTRIBUTE_FLOAT, ATTRIBUTE_INT};
use super::field;
use super::{IR_VERSION, OPSET};
use crate::network::Layer;
use crate::persist::Tensor;
use crate::real::Real;
use crate::wire::Message;

/// The name of the number of samples, a size that is free.
const BATCH: &str = "batch";

/// An attribute of a node.
#[derive(Debug, Clone, Copy)]
pub(super) enum Attribute {
    Float(&'static str, f32),
    Int(&'static str, u64),
}

/// The messages of a graph so far, one after the other.
#[derive(Debug, Default)]
pub(super) struct Writer(Message);

impl Writer {
    /// Begins a graph.
    pub fn new() -> Self {
        Self(Message::default().text(field::graph::NAME, "network"))
    }

    /// Appends a node. Its name is the operator followed by the name of its output.
    pub fn node(&mut self, operator: &str, inputs: &[&str], output: &str, attributes: &[Attribute]) {
        let mut node = Message::default();
        for input in inputs {
            node = node.text(field::node::INPUT, input);
        }
        node = node
            .text(field::node::OUTPUT, output)
            .text(field::node::NAME, &format!("{operator} {output}"))
            .text(field::node::OP_TYPE, operator);
        for attribute in attributes {
            let message = match *attribute {
                Attribute::Float(name, value) => Message::default()
                    .text(field::attribute::NAME, name)
                    .float(field::attribute::F, value)
                    .int(field::attribute::TYPE, ATTRIBUTE_FLOAT),
                Attribute::Int(name, value) => Message::default()
                    .text(field::attribute::NAME, name)
                    .int(field::attribute::I, value)
                    .int(field::attribute::TYPE, ATTRIBUTE_INT),
            };
            node = node.message(field::node::ATTRIBUTE, message);
        }
        self.append(field::graph::NODE, node);
    }

    /// Appends w x + b for a layer whose values have names that begin with `prefix`.
    ///
    /// In double precision it is a product and a sum: ONNX Runtime 1.16 fuses a `Gemm` with the activation after it,
    /// and has the fused operator in single precision only.
    pub fn dense<T: Real>(&mut self, prefix: &str, layer: &Layer<'_, T>, x: &str, z: &str) {
        let (weight, bias) = (format!("{prefix}weight"), format!("{prefix}bias"));
        self.vector(&bias, layer.biases.as_slice());
        if element_type::<T>() == DOUBLE {
            let (transposed, product) = (format!("{weight}.transposed"), format!("{prefix}product"));
            self.transpose(&transposed, layer.weights);
            self.node("MatMul", &[x, &transposed], &product, &[]);
            return self.node("Add", &[&product, &bias], z, &[]);
        }
        self.matrix(&weight, layer.weights);
        self.node("Gemm", &[x, &weight, &bias], z, &[Attribute::Int("transB", 1)]);
    }

    /// Appends a matrix, row by row.
    pub fn matrix<T: Real>(&mut self, name: &str, matrix: &DMatrix<T>) {
        self.tensor::<T>(&Tensor::matrix(name, matrix));
    }

    /// Appends the transpose of a matrix, row by row, which is the order of the matrix in memory.
    pub fn transpose<T: Real>(&mut self, name: &str, matrix: &DMatrix<T>) {
        let (rows, columns) = matrix.shape();
        self.append_tensor::<T>(&Tensor::vector(name, matrix.as_slice()), &[columns, rows]);
    }

    /// Appends a vector.
    pub fn vector<T: Real>(&mut self, name: &str, values: &[T]) {
        self.tensor::<T>(&Tensor::vector(name, values));
    }

    /// Appends a number, which is a tensor without dimensions.
    pub fn number<T: Real>(&mut self, name: &str, value: T) {
        let values = [value];
        let tensor = Tensor::vector(name, &values);
        self.append_tensor::<T>(&tensor, &[]);
    }

    fn tensor<T: Real>(&mut self, tensor: &Tensor<'_>) {
        self.append_tensor::<T>(tensor, tensor.shape());
    }

    fn append_tensor<T: Real>(&mut self, tensor: &Tensor<'_>, shape: &[usize]) {
        let mut message = Message::default();
        for &size in shape {
            message = message.int(field::tensor::DIMS, size as u64);
        }
        message = message
            .int(field::tensor::DATA_TYPE, element_type::<T>() as u64)
            .text(field::tensor::NAME, tensor.name())
            .fill(field::tensor::RAW_DATA, tensor.n_bytes(), |bytes| tensor.write(bytes));
        self.append(field::graph::INITIALIZER, message);
    }

    /// Ends a graph from `input` to `output`, each a name and the number of values per sample. Returns the bytes of the
    /// file.
    pub fn finish<T: Real>(
        mut self,
        input: (&str, usize),
        output: (&str, usize),
        metadata: &[(String, String)],
    ) -> Vec<u8> {
        self.append(field::graph::INPUT, port::<T>(input));
        self.append(field::graph::OUTPUT, port::<T>(output));
        let opset = Message::default()
            .text(field::opset::DOMAIN, "")
            .int(field::opset::VERSION, OPSET.unsigned_abs());
        let mut model = Message::default()
            .int(field::model::IR_VERSION, IR_VERSION.unsigned_abs())
            .text(field::model::PRODUCER_NAME, "gradus")
            .text(field::model::PRODUCER_VERSION, env!("CARGO_PKG_VERSION"))
            .message(field::model::GRAPH, self.0)
            .message(field::model::OPSET_IMPORT, opset);
        for (key, value) in metadata {
            let entry = Message::default().text(field::entry::KEY, key).text(field::entry::VALUE, value);
            model = model.message(field::model::METADATA_PROPS, entry);
        }
        model.into_bytes()
    }

    fn append(&mut self, field: u64, message: Message) {
        self.0 = std::mem::take(&mut self.0).message(field, message);
    }
}

/// An input or output of samples × `size` elements.
fn port<T: Real>((name, size): (&str, usize)) -> Message {
    let batch = Message::default().text(field::kind::DIM_PARAM, BATCH);
    let size = Message::default().int(field::kind::DIM_VALUE, size as u64);
    let shape = Message::default().message(field::kind::DIM, batch).message(field::kind::DIM, size);
    let tensor = Message::default()
        .int(field::kind::ELEM_TYPE, element_type::<T>() as u64)
        .message(field::kind::SHAPE, shape);
    let kind = Message::default().message(field::kind::TENSOR_TYPE, tensor);
    Message::default().text(field::value::NAME, name).message(field::value::TYPE, kind)
}
