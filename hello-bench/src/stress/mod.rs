//! Where services stop coping: the rate that each sustains, latency against load, overload, idle connections.
//!
//! | what | module |
//! |---|---|
//! | one rate offered for a moment, and whether the service kept up | [`window`] |
//! | bracketing and bisection, as plain data | [`search`] |
//! | a search driven against one server | [`finder`] |
//! | all services in one round | [`round`] |
//! | what a sample holds of it | [`findings`] |
//! | what the rounds say of a service | [`row`] |

pub mod finder;
pub mod findings;
pub mod rates;
pub mod round;
pub mod row;
pub mod search;
pub mod window;
