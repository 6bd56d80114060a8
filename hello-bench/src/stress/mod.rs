//! Where services stop coping: the rate that each sustains, latency against load, overload, idle connections.
//!
//! | what | module |
//! |---|---|
//! | one rate offered for a moment, and whether the service kept up | [`window`] |
//! | bracketing and bisection, as plain data | [`search`] |
//! | a search driven against one server | [`finder`] |
//! | beyond that rate, and how soon it is over | [`overload`] |
//! | what idle connections cost | [`crowd`] |
//! | all services in one round | [`round`] |
//! | what a sample holds of it | [`findings`] |
//! | what the rounds say of a service | [`row`], [`beyond`] |

pub mod beyond;
pub mod crowd;
pub mod finder;
pub mod findings;
mod idle;
mod middle;
pub mod overload;
pub mod rates;
pub mod round;
pub mod row;
pub mod search;
pub mod sustained;
pub mod watch;
pub mod window;
