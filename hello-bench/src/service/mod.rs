//! Who is compared: the services of `services.toml`, and others of the user's own.

mod catalogue;
mod entry;
mod image;
mod own;
pub mod url;

pub use catalogue::{CATALOGUE, Catalogue};
pub use entry::{Exception, Finder, Need, Service};
pub use image::ImageEntry;
pub use own::shell;
