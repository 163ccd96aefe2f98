//! Where settings come from: a file, the environment over it, `--override` over both.
//!
//! The `config` crate layers the three. Each layer is one table whose keys keep their dots: `max.connections` and
//! `max.connections.per.ip` are two settings, not a table within a value.

use std::collections::BTreeMap;
use std::path::Path;

use ::config::{ConfigError, Map, Source, Value, ValueKind};

use super::properties::parse_properties;
use super::server::Config;
use super::{environment, providers};
use crate::error::Error;

/// The one table that every layer fills.
const TABLE: &str = "settings";

/// One layer: settings and where they were found.
#[derive(Clone, Debug)]
struct Layer {
    origin: String,
    settings: BTreeMap<String, String>,
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        let value = |text: &String| Value::new(Some(&self.origin), ValueKind::String(text.clone()));
        let table: Map<String, Value> =
            self.settings.iter().map(|(name, text)| (name.clone(), value(text))).collect();
        Ok(Map::from([(
            TABLE.to_string(),
            Value::new(Some(&self.origin), ValueKind::Table(table)),
        )]))
    }
}

/// What a server is started with.
#[derive(Clone, Debug, Default)]
pub struct Sources<'a> {
    /// The `server.properties`; none when everything comes from the environment.
    pub file: Option<&'a Path>,
    /// The environment.
    pub variables: BTreeMap<String, String>,
    /// `--override key=value`, the last of equal keys winning.
    pub overrides: Vec<String>,
}

impl Sources<'_> {
    /// Reads and checks everything. The error says what to put right, and in which file.
    pub fn load(&self) -> Result<Config, Error> {
        let (settings, warnings) = self.settings()?;
        let config = Config::from_map(settings).map_err(|error| match self.file {
            Some(file) => Error::Config(format!("{}: {error}", file.display())),
            None => error,
        })?;
        Ok(config.with_warnings(warnings))
    }

    /// The layered settings, references resolved, not yet checked; and warnings.
    pub fn settings(&self) -> Result<(BTreeMap<String, String>, Vec<String>), Error> {
        let file = match self.file {
            Some(path) => Layer { origin: path.display().to_string(), settings: read(path)? },
            None => Layer { origin: "no file".to_string(), settings: BTreeMap::new() },
        };
        let environment = Layer {
            origin: "the environment".to_string(),
            settings: environment::settings(&self.variables),
        };
        let overrides =
            Layer { origin: "--override".to_string(), settings: parse_overrides(&self.overrides)? };
        let built = ::config::Config::builder()
            .add_source(file)
            .add_source(environment)
            .add_source(overrides)
            .build();
        let table = built
            .and_then(|built| built.get_table(TABLE))
            .map_err(|error| Error::Config(error.to_string()))?;
        let text = |(name, value): (String, Value)| value.into_string().map(|text| (name, text));
        let mut settings: BTreeMap<String, String> = table
            .into_iter()
            .map(text)
            .collect::<Result<_, _>>()
            .map_err(|error| Error::Config(error.to_string()))?;
        let warnings = providers::resolve(&mut settings, &self.variables).map_err(Error::Config)?;
        Ok((settings, warnings))
    }
}

fn read(path: &Path) -> Result<BTreeMap<String, String>, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path.display()))?;
    let settings = parse_properties(&bytes)
        .map_err(|why| Error::Config(format!("{}: {why}", path.display())))?;
    Ok(settings.into_iter().collect())
}

fn parse_overrides(overrides: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let parse = |text: &String| {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| Error::Config(format!("--override {text}: it should be key=value")))?;
        Ok((name.trim().to_string(), value.trim().to_string()))
    };
    overrides.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_layer_wins_and_dots_do_not_nest() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("server.properties");
        let text = "process.roles=broker,controller\nnode.id=1\nlisteners=PLAINTEXT://:0,CONTROLLER://:0\n\
                    controller.listener.names=CONTROLLER\ncontroller.quorum.bootstrap.servers=localhost:9093\n\
                    max.connections=5\nmax.connections.per.ip=3\nnum.partitions=1\nlog.dirs=${env:DATA}/logs\n\
                    Some.Key[0]=kept\n";
        std::fs::write(&path, text).expect("written");
        let variables = [
            ("KAFKA_NUM_PARTITIONS", "2"),
            ("KAFKA_MAX_CONNECTIONS_PER_IP", "4"),
            ("DATA", "/data"),
        ];
        let sources = Sources {
            file: Some(&path),
            variables: variables.map(|(name, value)| (name.to_string(), value.to_string())).into(),
            overrides: vec!["num.partitions=3".to_string(), "a=b=c".to_string()],
        };
        let config = sources.load().expect("a configuration");
        assert_eq!(
            (config.num_partitions(), config.max_connections(), config.max_connections_per_ip()),
            (3, 5, 4)
        );
        assert_eq!(config.log_dirs(), [Path::new("/data/logs")]);
        assert_eq!(config.get("a").as_deref(), Some("b=c"));
        assert_eq!(config.get("Some.Key[0]").as_deref(), Some("kept"));
        let bad = Sources { overrides: vec!["x".to_string()], ..sources };
        assert_eq!(
            bad.load().expect_err("refused").to_string(),
            "--override x: it should be key=value"
        );
    }

    #[test]
    fn an_error_names_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("server.properties");
        std::fs::write(&path, "node.id=1\n").expect("written");
        let error = Sources { file: Some(&path), ..Sources::default() }
            .load()
            .expect_err("refused")
            .to_string();
        assert!(error.starts_with(&path.display().to_string()), "{error}");
        assert!(error.contains("Missing required configuration"), "{error}");
    }

    #[test]
    fn the_samples_are_good() {
        for (name, broker, controller) in
            [("server", true, true), ("broker", true, false), ("controller", false, true)]
        {
            let path = Path::new("config").join(format!("{name}.properties"));
            let config = Sources { file: Some(&path), ..Sources::default() }
                .load()
                .expect("a configuration");
            assert_eq!(
                (config.is_broker(), config.is_controller()),
                (broker, controller),
                "{name}"
            );
            assert!(config.warnings().is_empty(), "{name}: {:?}", config.warnings());
            assert_eq!(config.log_dirs(), [Path::new("/var/lib/vltava")]);
        }
    }
}
