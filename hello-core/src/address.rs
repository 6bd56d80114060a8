//! Where a service listens: `HOST` and `PORT` from the environment, checked.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The variable that holds the IP address to listen on.
const HOST: &str = "HOST";
/// The variable that holds the port.
const PORT: &str = "PORT";

/// The address that the environment asks for.
pub struct Address;

impl Address {
    /// Reads `HOST` (default `127.0.0.1`) and `PORT` (default `3000`; `0` takes a free one).
    ///
    /// # Errors
    /// When a variable is set and is not an IP address (or `localhost`), or not a port.
    pub fn from_env() -> Result<SocketAddr, AddressError> {
        Self::parse(variable(HOST).as_deref(), variable(PORT).as_deref())
    }

    fn parse(host: Option<&str>, port: Option<&str>) -> Result<SocketAddr, AddressError> {
        let ip = match host {
            None | Some("localhost") => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Some(host) => host.parse().map_err(|_| AddressError::new(HOST, host))?,
        };
        let port = match port {
            None => 3000,
            Some(port) => port.parse().map_err(|_| AddressError::new(PORT, port))?,
        };
        Ok(SocketAddr::new(ip, port))
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// A variable whose value is no address or port; displayed as one line that names both.
#[derive(Debug, Eq, PartialEq)]
pub struct AddressError {
    variable: &'static str,
    value: String,
}

impl AddressError {
    fn new(variable: &'static str, value: &str) -> Self {
        Self {
            variable,
            value: value.to_owned(),
        }
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = if self.variable == PORT {
            "a number from 0 to 65535"
        } else {
            "an IP address such as 127.0.0.1 or 0.0.0.0"
        };
        write!(f, "{}={:?} is not {expected}", self.variable, self.value)
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_and_values() {
        assert_eq!(Address::parse(None, None).unwrap().to_string(), "127.0.0.1:3000");
        assert_eq!(
            Address::parse(Some("0.0.0.0"), Some("0")).unwrap().to_string(),
            "0.0.0.0:0"
        );
        assert_eq!(
            Address::parse(Some("::1"), Some("80")).unwrap().to_string(),
            "[::1]:80"
        );
        assert_eq!(
            Address::parse(Some("localhost"), None).unwrap().to_string(),
            "127.0.0.1:3000"
        );
    }

    #[test]
    fn errors_name_the_variable_and_stay_on_one_line() {
        let port = Address::parse(None, Some("65536")).unwrap_err().to_string();
        assert_eq!(port, "PORT=\"65536\" is not a number from 0 to 65535");
        let host = Address::parse(Some("a\nb"), None).unwrap_err().to_string();
        assert!(host.starts_with("HOST=") && !host.contains('\n'), "{host}");
        assert!(Address::parse(Some(""), None).is_err());
        assert!(Address::parse(None, Some("")).is_err());
    }
}
