//! How the metrics of one part are declared and registered.

/// A struct of metrics. Each row is a field: its kind, name, labels and HELP text, and the buckets of a histogram. The
/// method `new` registers all of them.
macro_rules! metric_group {
    (
        $(#[$meta:meta])*
        $group:ident {
            $($field:ident: $kind:ident = $name:literal $labels:tt $help:literal $(in $buckets:expr)?;)*
        }
    ) => {
        $(#[$meta])*
        pub(crate) struct $group {
            $(#[doc = $help] pub(crate) $field: prometheus::$kind,)*
        }

        impl $group {
            pub(super) fn new(registry: &prometheus::Registry) -> prometheus::Result<Self> {
                let group = Self {
                    $($field: metric_group!(@new $kind $name $help $labels $($buckets)?)?,)*
                };
                $(registry.register(Box::new(group.$field.clone()))?;)*
                Ok(group)
            }
        }
    };
    (@new $kind:ident $name:literal $help:literal []) => {
        prometheus::$kind::with_opts(prometheus::Opts::new($name, $help))
    };
    (@new $kind:ident $name:literal $help:literal $labels:tt) => {
        prometheus::$kind::new(prometheus::Opts::new($name, $help), &$labels)
    };
    (@new $kind:ident $name:literal $help:literal $labels:tt $buckets:expr) => {{
        let options = prometheus::HistogramOpts::new($name, $help).buckets($buckets.to_vec());
        prometheus::$kind::new(options, &$labels)
    }};
}

pub(super) use metric_group;
