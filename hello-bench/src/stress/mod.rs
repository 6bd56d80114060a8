//! Where services stop coping: the rate that each sustains, latency against load, overload, idle connections.
//!
//! | what | module |
//! |---|---|
//! | one rate offered for a moment, and whether the service kept up | [`window`] |
//! | bracketing and bisection, as plain data | [`search`] |
//! | a search driven against one server | [`finder`] |
//! | beyond that rate, and how soon it is over | [`overload`] |
//! | what idle connections cost | [`crowd`] |
//! | all services in one round | [`crate::stress_round`] |
//! | what a sample holds of it | [`findings`] |
//! | what the rounds say of a service | [`row`], [`beyond`] |

pub(crate) mod beyond;
pub(crate) mod crowd;
pub(crate) mod finder;
pub(crate) mod findings;
mod middle;
pub(crate) mod overload;
pub(crate) mod row;
pub(crate) mod search;
pub(crate) mod sustained;
pub(crate) mod watch;
pub(crate) mod window;
