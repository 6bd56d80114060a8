//! How a service becomes an image, and what its container is given.

use crate::service::{ImageEntry, Service};

/// The Dockerfile of all services of the workspace.
const DOCKERFILE: &str = "docker/Dockerfile";

/// How to build and run the image of a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Recipe {
    /// The image's name.
    pub tag: String,
    /// The folder that is given to the build, relative to the root.
    pub context: String,
    /// The Dockerfile, relative to `context`.
    pub dockerfile: &'static str,
    /// The value of the build's argument `SERVICE`; absent where the Dockerfile is of one service alone.
    pub service: Option<String>,
    /// Stage, and what a container is given.
    pub entry: ImageEntry,
}

impl Recipe {
    /// The recipe for a service; `None` for one without an image.
    pub(crate) fn of(service: &Service) -> Option<Self> {
        let tag = format!("hello-rest/{}", service.name);
        if service.package.is_none() {
            let (context, entry) = (service.folder.display().to_string(), service.image.clone()?);
            return Some(Self { tag, context, dockerfile: "Dockerfile", service: None, entry });
        }
        let (context, argument) = (".".to_owned(), Some(service.name.clone()));
        let entry = service.image.clone().unwrap_or_default();
        (!service.floor).then_some(Self { tag, context, dockerfile: DOCKERFILE, service: argument, entry })
    }

    /// The arguments of `docker build`, in the repository's root.
    pub(crate) fn build_arguments(&self) -> Vec<String> {
        let file = if self.context == "." {
            self.dockerfile.to_owned()
        } else {
            format!("{}/{}", self.context, self.dockerfile)
        };
        let mut words =
            vec!["build".to_owned(), "--file".to_owned(), file, "--tag".to_owned(), self.tag.clone()];
        if let Some(target) = &self.entry.target {
            words.extend(["--target".to_owned(), target.clone()]);
        }
        if let Some(service) = &self.service {
            words.extend(["--build-arg".to_owned(), format!("SERVICE={service}")]);
        }
        words.push(self.context.clone());
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Catalogue;

    fn built(fields: &str) -> Option<String> {
        let text = format!("[[service]]\nname='x'\nframework='y'\n{fields}");
        let services = Catalogue::parse(&text).unwrap();
        Recipe::of(&services[0]).map(|recipe| recipe.build_arguments().join(" "))
    }

    #[test]
    fn packages_share_a_dockerfile_and_other_services_have_their_own() {
        let package = "build --file docker/Dockerfile --tag hello-rest/x --build-arg SERVICE=x .";
        assert_eq!(built("package='x'").as_deref(), Some(package));
        assert_eq!(built("package='x'\nfloor=true"), None);
        assert_eq!(built("run=['x']"), None);
        let own = "build --file f/Dockerfile --tag hello-rest/x --target t f";
        assert_eq!(built("run=['x']\nfolder='f'\nimage={target='t'}").as_deref(), Some(own));
    }
}
