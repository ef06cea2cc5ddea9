//! A macro that implements a trait for pointers to an implementation.

/// Implements a trait for `&P`, `Box<P>` and `Arc<P>` by calling the methods of `P`.
macro_rules! forward {
    (impl $(<$($generic:ident: $bound:path),*>)? $name:ident $(<$($argument:ident),*>)? {
        $(fn $method:ident $([$($local:ident),*])? (&self $(, $parameter:ident: $kind:ty)* $(,)?) $(-> $result:ty)?;)*
    }) => {
        crate::forward! { @for [&P, Box<P>, std::sync::Arc<P>] [$($($generic: $bound),*)?] $name [$($($argument),*)?] [
            $(fn $method(&self $(, $parameter: $kind)*) $(-> $result)?;)*
        ] }
    };
    (@for [$($pointer:ty),*] $generics:tt $name:ident $arguments:tt $methods:tt) => {
        $(crate::forward! { @impl $pointer, $generics $name $arguments $methods })*
    };
    (@impl $pointer:ty, [$($generic:ident: $bound:path),*] $name:ident [$($argument:ident),*] [
        $(fn $method:ident(&self $(, $parameter:ident: $kind:ty)*) $(-> $result:ty)?;)*
    ]) => {
        impl<$($generic: $bound,)* P: $name<$($argument),*> + ?Sized> $name<$($argument),*> for $pointer {
            $(
                fn $method(&self $(, $parameter: $kind)*) $(-> $result)? {
                    (**self).$method($($parameter),*)
                }
            )*
        }
    };
}
pub(crate) use forward;
