//! `${file:PATH:KEY}`, `${dir:DIRECTORY:FILE}` and `${env:NAME}` in values: secrets kept out of the file (KIP-297).
//!
//! Unlike Kafka, which resolves nothing until `config.providers` is set, all three always work; once it is set, only
//! those named there do, within their `allowed.paths` and `allowlist.pattern`. What was resolved is never logged.
//!
//! Resolved once, when the node starts: a secret that changes on the disk is read at the next start.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use regex::{Captures, Regex};

use super::properties::parse_properties;
use super::value::parse_list;

/// Replaces every reference in the values. Errors name the reference; the returned lines are warnings.
pub(super) fn resolve(
    settings: &mut BTreeMap<String, String>,
    variables: &BTreeMap<String, String>,
) -> Result<Vec<String>, String> {
    let reference =
        Regex::new(r"\$\{([^}:]*):(?:([^}]*):)?([^}:]*)\}").expect("the pattern is a constant");
    let mut providers = Providers { settings: settings.clone(), variables, warnings: Vec::new() };
    for (name, value) in settings.iter_mut() {
        // What sets providers up cannot itself be had from one.
        if !value.contains("${") || name.starts_with("config.providers") {
            continue;
        }
        let mut problem = None;
        let resolved = reference.replace_all(value, |found: &Captures<'_>| {
            let part = |at: usize| found.get(at).map_or("", |part| part.as_str());
            match providers.get(part(1), part(2), part(3)) {
                Ok(Some(text)) => text,
                Ok(None) => part(0).to_string(),
                Err(why) => {
                    problem.get_or_insert(format!("{name}: {}: {why}", part(0)));
                    String::new()
                }
            }
        });
        let resolved = resolved.into_owned();
        if let Some(problem) = problem {
            return Err(problem);
        }
        *value = resolved;
    }
    Ok(providers.warnings)
}

struct Providers<'a> {
    /// As they were before anything was replaced: providers are set up by settings too.
    settings: BTreeMap<String, String>,
    variables: &'a BTreeMap<String, String>,
    warnings: Vec<String>,
}

impl Providers<'_> {
    /// What a reference stands for; none when it is nobody's and stays as it is.
    fn get(&mut self, provider: &str, path: &str, key: &str) -> Result<Option<String>, String> {
        let Some(kind) = self.kind(provider) else { return Ok(None) };
        match kind {
            "env" => self.variable(provider, key).map(Some),
            "dir" => {
                let file = Path::new(path).join(key);
                // A key is no path: it would lead out of the directory that was allowed.
                if key.contains('/') || key == ".." {
                    return Err("the key must be a file in the directory".to_string());
                }
                self.read(provider, &file)
                    .map(|bytes| Some(String::from_utf8_lossy(&bytes).trim_end().to_string()))
            }
            _ => {
                let bytes = self.read(provider, Path::new(path))?;
                let found =
                    parse_properties(&bytes)?.into_iter().rev().find(|(name, _)| name == key);
                found
                    .map(|(_, value)| Some(value))
                    .ok_or_else(|| format!("there is no {key} in that file"))
            }
        }
    }

    /// Which of the three a provider's name means, by its class when `config.providers` names it.
    fn kind(&self, provider: &str) -> Option<&'static str> {
        let named =
            self.settings.get("config.providers").map(|list| parse_list(list)).unwrap_or_default();
        if named.is_empty() {
            return ["file", "dir", "env"].into_iter().find(|kind| *kind == provider);
        }
        if !named.iter().any(|name| name == provider) {
            return None;
        }
        let class = self.settings.get(&format!("config.providers.{provider}.class"))?;
        match class.rsplit('.').next()? {
            "FileConfigProvider" => Some("file"),
            "DirectoryConfigProvider" => Some("dir"),
            "EnvVarConfigProvider" => Some("env"),
            _ => None,
        }
    }

    fn parameter(&self, provider: &str, name: &str) -> Option<&String> {
        self.settings.get(&format!("config.providers.{provider}.param.{name}"))
    }

    fn variable(&self, provider: &str, name: &str) -> Result<String, String> {
        if let Some(pattern) = self.parameter(provider, "allowlist.pattern") {
            let pattern =
                Regex::new(&format!("^(?:{pattern})$")).map_err(|error| error.to_string())?;
            if !pattern.is_match(name) {
                return Err("the allowlist.pattern does not allow that variable".to_string());
            }
        }
        self.variables.get(name).cloned().ok_or_else(|| "there is no such variable".to_string())
    }

    fn read(&mut self, provider: &str, file: &Path) -> Result<Vec<u8>, String> {
        let real = fs::canonicalize(file).map_err(|error| error.to_string())?;
        if let Some(allowed) = self.parameter(provider, "allowed.paths") {
            let inside =
                |root: &String| fs::canonicalize(root).is_ok_and(|root| real.starts_with(root));
            if !parse_list(allowed).iter().any(inside) {
                return Err("it lies outside the allowed.paths".to_string());
            }
        }
        let mode = fs::metadata(&real).map_err(|error| error.to_string())?.permissions().mode();
        if mode & 0o004 != 0 {
            let warning =
                format!("{} holds secrets and everyone may read it: chmod o-r", file.display());
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        fs::read(&real).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(settings: &[(&str, &str)]) -> Result<String, String> {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())).collect()
        };
        let mut settings = map(settings);
        resolve(&mut settings, &map(&[("SECRET", "from-env"), ("OTHER", "o")]))?;
        Ok(settings.remove("x").unwrap_or_default())
    }

    #[test]
    fn files_directories_and_variables() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path().display().to_string();
        fs::write(folder.path().join("secrets"), "keystore.password=s3cret\nb=2\n")
            .expect("written");
        fs::write(folder.path().join("token"), "t0ken\n").expect("written");
        for (value, expected) in [
            (format!("${{file:{at}/secrets:keystore.password}}"), "s3cret"),
            (format!("<${{dir:{at}:token}}-${{env:SECRET}}>"), "<t0ken-from-env>"),
            ("${vault:a:b} $x {y}".to_string(), "${vault:a:b} $x {y}"),
        ] {
            assert_eq!(resolved(&[("x", &value)]).as_deref(), Ok(expected), "{value}");
        }
        for value in [
            format!("${{file:{at}/secrets:c}}"),
            format!("${{file:{at}/none:c}}"),
            "${env:NONE}".to_string(),
        ] {
            let error = resolved(&[("x", &value)]).expect_err("refused");
            assert!(error.starts_with(&format!("x: {value}: ")), "{error}");
        }
        let value = format!("${{dir:{at}/sub:../token}}");
        assert!(resolved(&[("x", &value)]).is_err());
    }

    #[test]
    fn named_providers_are_the_only_ones_and_keep_to_what_they_may() {
        let env = [
            ("config.providers", "e"),
            (
                "config.providers.e.class",
                "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
            ),
            ("config.providers.e.param.allowlist.pattern", "S.*"),
        ];
        let with = |value: &'static str| resolved(&[&env[..], &[("x", value)]].concat());
        assert_eq!(with("${e:SECRET}").as_deref(), Ok("from-env"));
        assert_eq!(with("${env:SECRET}").as_deref(), Ok("${env:SECRET}"));
        assert!(with("${e:OTHER}").is_err());
    }
}
