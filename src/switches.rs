//! Rules that the mutation proof breaks, one at a time, to show that the simulation notices.

/// Switches, each with a method of its name. In the product they are constants: only a native build can break a rule.
macro_rules! switches {
    ($(#[$meta:meta])* $switches:ident { $($(#[$doc:meta])* $name:ident,)* } $($more:tt)*) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $switches {
            $($(#[$doc])* pub $name: bool,)*
            $($more)*
        }

        impl $switches {
            $(pub(crate) const fn $name(&self) -> bool {
                cfg!(not(target_family = "wasm")) && self.$name
            })*
        }
    };
}

pub(crate) use switches;
