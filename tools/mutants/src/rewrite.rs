//! Rewrites a source file so that it contains all its mutants, each chosen at run time by `crate::mutants::at`.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, BinOp, Block, Expr, ExprBinary, ExprConst, ExprRepeat, ExprUnary, GenericArgument,
    ImplItemConst, ImplItemFn, ItemConst, ItemFn, ItemImpl, ItemMod, ItemStatic, Meta, Pat, ReturnType,
    Signature, TraitItemConst, TraitItemFn, Type, UnOp,
};

/// One change, in one place of a file.
pub struct Mutant {
    /// Its number, unique among all files.
    pub number: usize,
    /// The line, from 1.
    pub line: usize,
    /// What is changed, and in which function.
    pub change: String,
}

/// Where a text is inserted at one position: what ends there before what begins there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    End,
    Replaced,
    Begin,
}

struct Edit {
    start: usize,
    end: usize,
    place: Place,
    text: String,
}

/// Returns the rewritten source and its mutants, numbered from `first`.
pub fn rewrite(source: &str, first: usize) -> syn::Result<(String, Vec<Mutant>)> {
    let mut visitor =
        Visitor { source, next: first, edits: Vec::new(), mutants: Vec::new(), function: String::new() };
    visitor.visit_file(&syn::parse_file(source)?);
    // A stable sort: at one position, what was visited first stays first.
    visitor.edits.sort_by_key(|edit| (edit.start, edit.place));
    let (mut text, mut at) = (String::new(), 0);
    for edit in &visitor.edits {
        text += &source[at..edit.start];
        text += &edit.text;
        at = edit.end;
    }
    text += &source[at..];
    Ok((text, visitor.mutants))
}

struct Visitor<'a> {
    source: &'a str,
    next: usize,
    edits: Vec<Edit>,
    mutants: Vec<Mutant>,
    function: String,
}

impl Visitor<'_> {
    /// Numbers the mutants of one place, and returns the call that says which of them is chosen.
    fn number(&mut self, span: Span, changes: impl IntoIterator<Item = String>) -> String {
        let base = self.next;
        for change in changes {
            let change = format!("{change} in {}", self.function);
            self.mutants.push(Mutant { number: self.next, line: span.start().line, change });
            self.next += 1;
        }
        format!("crate::mutants::at({base}, {})", self.next - base)
    }

    fn edit(&mut self, start: usize, end: usize, place: Place, text: String) {
        self.edits.push(Edit { start, end, place, text });
    }

    /// Lets a function return at once a value of the simplest kind that has its type.
    fn replace_body(&mut self, signature: &Signature, block: &Block) {
        if signature.constness.is_some() || block.stmts.is_empty() {
            return;
        }
        let values = match &signature.output {
            ReturnType::Default => vec!["()"],
            ReturnType::Type(_, kind) => simple_values(&self.source[kind.span().byte_range()]),
        };
        let body = self.source[block.span().byte_range()].trim_matches(['{', '}']).trim();
        let values: Vec<_> = values.into_iter().filter(|value| *value != body).collect();
        if values.is_empty() {
            return;
        }
        let changes = values.iter().map(|value| format!("replace {} with {value}", signature.ident));
        let at = self.number(signature.ident.span(), changes);
        let arms: String = (1..).zip(&values).map(|(k, value)| format!("{k} => return {value}, ")).collect();
        let start = block.brace_token.span.open().byte_range().end;
        self.edit(start, start, Place::Begin, format!(" match {at} {{ {arms} _ => {{}} }} "));
    }

    /// Visits what `inside` visits as the body of the function `name`.
    fn within(&mut self, name: &syn::Ident, inside: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.function, name.to_string());
        inside(self);
        self.function = outer;
    }
}

/// The arms of a match on `at`: the alternatives by number, else the operator itself.
fn arms(left: &str, operator: &str, right: &str, others: &[&str]) -> String {
    let others: String =
        (1..).zip(others).map(|(k, other)| format!("{k} => {left} {other} {right}, ")).collect();
    format!("{others} _ => {left} {operator} {right}")
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    // What is computed when the crate is compiled cannot be chosen when it runs.
    fn visit_item_const(&mut self, _: &'ast ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast ItemStatic) {}
    fn visit_impl_item_const(&mut self, _: &'ast ImplItemConst) {}
    fn visit_trait_item_const(&mut self, _: &'ast TraitItemConst) {}
    fn visit_expr_const(&mut self, _: &'ast ExprConst) {}
    fn visit_type(&mut self, _: &'ast Type) {}
    fn visit_pat(&mut self, _: &'ast Pat) {}
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
    fn visit_generic_argument(&mut self, _: &'ast GenericArgument) {}
    fn visit_expr_repeat(&mut self, repeat: &'ast ExprRepeat) {
        self.visit_expr(&repeat.expr);
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let name = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        if !name.is_some_and(|name| name.ident == "Debug" || name.ident == "Display") {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if !is_test(&item.attrs) && item.sig.constness.is_none() {
            self.within(&item.sig.ident, |visitor| {
                visitor.replace_body(&item.sig, &item.block);
                visit::visit_item_fn(visitor, item);
            });
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if item.sig.constness.is_none() {
            self.within(&item.sig.ident, |visitor| {
                visitor.replace_body(&item.sig, &item.block);
                visit::visit_impl_item_fn(visitor, item);
            });
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.within(&item.sig.ident, |visitor| {
            if let Some(block) = &item.default {
                visitor.replace_body(&item.sig, block);
            }
            visit::visit_trait_item_fn(visitor, item);
        });
    }

    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        let lets = has_let(&binary.left) || has_let(&binary.right);
        let Some((operator, others, kind)) =
            others(&binary.op).filter(|(.., kind)| !(lets && *kind == Kind::Logic))
        else {
            return visit::visit_expr_binary(self, binary);
        };
        let (left, right) = (binary.left.span().byte_range(), binary.right.span().byte_range());
        let changes = others.iter().map(|other| format!("replace {operator} with {other}"));
        let at = self.number(binary.op.span(), changes);
        match kind {
            Kind::Assignment => {
                // The left side is not visited: it is written once for each alternative.
                self.edit(left.start, right.start, Place::Replaced, "{ let r__ = ".into());
                self.visit_expr(&binary.right);
                let arms = arms(&self.source[left], operator, "r__", &others);
                self.edit(right.end, right.end, Place::End, format!("; match {at} {{ {arms} }} }}"));
            }
            Kind::Logic => {
                // a || b = !(!a && !b), which evaluates b when the other operator would.
                self.edit(left.start, left.start, Place::Begin, "((((".into());
                self.visit_expr(&binary.left);
                self.edit(left.end, right.start, Place::Replaced, format!(") ^ ({at} != 0)) {operator} (("));
                self.visit_expr(&binary.right);
                self.edit(right.end, right.end, Place::End, format!(") ^ ({at} != 0))) ^ ({at} != 0))"));
            }
            Kind::Arithmetic | Kind::Comparison => {
                // A comparison borrows, an arithmetic operator moves.
                let open = if kind == Kind::Comparison { "&(" } else { "(" };
                self.edit(left.start, left.start, Place::Begin, format!("(match ({open}"));
                self.visit_expr(&binary.left);
                self.edit(left.end, right.start, Place::Replaced, format!("), {open}"));
                self.visit_expr(&binary.right);
                let arms = arms("l__", operator, "r__", &others);
                let text = format!(")) {{ (l__, r__) => match {at} {{ {arms} }} }})");
                self.edit(right.end, right.end, Place::End, text);
            }
        }
    }

    fn visit_expr_unary(&mut self, unary: &'ast ExprUnary) {
        let operator = match unary.op {
            UnOp::Neg(_) => "-",
            UnOp::Not(_) => "!",
            _ => return visit::visit_expr_unary(self, unary),
        };
        let (whole, inner) = (unary.span().byte_range(), unary.expr.span().byte_range());
        let at = self.number(unary.op.span(), [format!("delete {operator}")]);
        self.edit(whole.start, inner.start, Place::Begin, "(match (".into());
        self.visit_expr(&unary.expr);
        let text = format!(") {{ v__ => if {at} != 0 {{ v__ }} else {{ {operator}v__ }} }})");
        self.edit(inner.end, inner.end, Place::End, text);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Arithmetic,
    Assignment,
    Comparison,
    Logic,
}

/// An operator and what it is replaced with, as cargo-mutants does it.
fn others(operator: &BinOp) -> Option<(&'static str, Vec<&'static str>, Kind)> {
    Some(match operator {
        BinOp::Add(_) => ("+", vec!["-", "*"], Kind::Arithmetic),
        BinOp::Sub(_) => ("-", vec!["+", "/"], Kind::Arithmetic),
        BinOp::Mul(_) => ("*", vec!["+", "/"], Kind::Arithmetic),
        BinOp::Div(_) => ("/", vec!["*"], Kind::Arithmetic),
        BinOp::AddAssign(_) => ("+=", vec!["-=", "*="], Kind::Assignment),
        BinOp::SubAssign(_) => ("-=", vec!["+=", "/="], Kind::Assignment),
        BinOp::MulAssign(_) => ("*=", vec!["+=", "/="], Kind::Assignment),
        BinOp::DivAssign(_) => ("/=", vec!["*="], Kind::Assignment),
        BinOp::Eq(_) => ("==", vec!["!="], Kind::Comparison),
        BinOp::Ne(_) => ("!=", vec!["=="], Kind::Comparison),
        BinOp::Lt(_) => ("<", vec!["==", ">", "<="], Kind::Comparison),
        BinOp::Gt(_) => (">", vec!["==", "<", ">="], Kind::Comparison),
        BinOp::Le(_) => ("<=", vec![">"], Kind::Comparison),
        BinOp::Ge(_) => (">=", vec!["<"], Kind::Comparison),
        BinOp::And(_) => ("&&", vec!["||"], Kind::Logic),
        BinOp::Or(_) => ("||", vec!["&&"], Kind::Logic),
        _ => return None,
    })
}

/// Values that a function of this type can return instead of what it computes.
fn simple_values(kind: &str) -> Vec<&'static str> {
    let kind: String = kind.split_whitespace().collect();
    match kind.as_str() {
        "bool" => vec!["true", "false"],
        "f64" => vec!["0.0", "1.0", "-1.0"],
        "usize" | "u64" => vec!["0", "1"],
        "T" => vec!["nalgebra::convert(0.0f64)", "nalgebra::convert(1.0f64)", "nalgebra::convert(-1.0f64)"],
        "Result<()>" => vec!["Ok(())"],
        _ if kind.starts_with("Option<") => vec!["None"],
        _ => Vec::new(),
    }
}

fn has_let(condition: &Expr) -> bool {
    match condition {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        Expr::Paren(inner) => has_let(&inner.expr),
        _ => false,
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string().contains("test"),
        meta => meta.path().is_ident("test"),
    })
}
