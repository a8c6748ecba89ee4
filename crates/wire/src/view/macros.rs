//! A view's table, and what is made of it.

/// Declares a view: its kind number, its level in the topic, what it is, and its keys, each with a meaning, a shape and
/// what counts as a change. Every key may be unknown.
macro_rules! view {
    (
        $(#[doc = $about:literal])+
        $name:ident = $kind:literal, $topic:literal {
            $($(#[doc = $meaning:literal])+ $key:ident: $shape:ty, $change:ident $(($by:literal))?;)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($(#[doc = $meaning])+ pub $key: Option<$shape>,)+
        }

        impl $crate::view::View for $name {
            const KIND: u16 = $kind;
            const NAME: &'static str = $topic;
            const ABOUT: &'static str = concat!($($about,)+);
            const FIELDS: &'static [$crate::view::Field] = &[
                $($crate::view::Field {
                    key: stringify!($key),
                    about: concat!($($meaning,)+),
                    shape: <$shape as $crate::view::value::Cell>::SHAPE,
                    change: $crate::view::Change::$change $(($by))?,
                },)+
            ];

            fn value(&self, at: usize) -> $crate::view::Value<'_> {
                use $crate::view::value::Cell;
                let mut number = 0;
                $(
                    if at == number {
                        return self.$key.as_ref().map_or($crate::view::Value::Unknown, Cell::value);
                    }
                    number += 1;
                )+
                let _ = number;
                $crate::view::Value::Unknown
            }
        }
    };
}

pub(super) use view;
