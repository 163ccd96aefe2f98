//! `meta.properties`: to which cluster and node a log directory belongs, and its own id. A Java properties file.
//!
//! ```text
//! #
//! node.id=1
//! directory.id=AAAAAAAAAAAAAAAAAAAAAA
//! version=1
//! cluster.id=mk7cA2hVQTC7yrYFxVxXcA
//! ```
//!
//! Written once, by `storage format`. A node that finds another cluster's or node's directory refuses to start: it
//! would serve records as its own that are not.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::files::{Durability, Files, replace};
use crate::error::Error;
use crate::types::{NodeId, Uuid};

/// The name of the file.
pub const META_PROPERTIES: &str = "meta.properties";

/// What a log directory says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetaProperties {
    /// 1; or 0 in a directory from before KRaft.
    pub version: i32,
    /// `cluster.id`.
    pub cluster_id: Option<String>,
    /// `node.id`, once `broker.id`.
    pub node_id: Option<NodeId>,
    /// `directory.id`.
    pub directory_id: Option<Uuid>,
}

impl MetaProperties {
    /// Reads them from the log directory `dir`; none if the directory is not formatted.
    pub fn read(files: &dyn Files, dir: &Path) -> Result<Option<Self>, Error> {
        let path = dir.join(META_PROPERTIES);
        let bytes = match files.read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(path.display())(error)),
        };
        let text = String::from_utf8_lossy(&bytes);
        Self::decode(&text)
            .map(Some)
            .map_err(|what| Error::Corrupt(format!("{}: {what}", path.display())))
    }

    /// Writes them into the log directory `dir`, durably.
    pub fn write(&self, files: &dyn Files, dir: &Path) -> Result<(), Error> {
        let path = dir.join(META_PROPERTIES);
        replace(files, &path, self.encode().as_bytes(), Durability::All)
            .map_err(Error::io(path.display()))
    }

    fn decode(text: &str) -> Result<Self, String> {
        let values = properties(text);
        let number = |key: &str| {
            let value = values.get(key).map(|value| value.parse::<i32>());
            value.transpose().map_err(|_| format!("{key} is not a number"))
        };
        let version = number("version")?.ok_or("no version")?;
        let node_id = match version {
            0 => number("broker.id")?,
            1 => number("node.id")?,
            _ => return Err(format!("version {version} is unknown")),
        };
        let cluster_id = values.get("cluster.id").cloned();
        let directory_id = values.get("directory.id").map(|id| id.parse::<Uuid>()).transpose();
        let directory_id = directory_id.map_err(|_| "directory.id is not a uuid")?;
        if version == 1 && (cluster_id.is_none() || node_id.is_none()) {
            return Err("cluster.id or node.id is missing".into());
        }
        Ok(Self { version, cluster_id, node_id, directory_id })
    }

    fn encode(&self) -> String {
        let mut text = "#\n".to_owned();
        let mut put = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                text.push_str(&format!("{key}={value}\n"));
            }
        };
        put(
            if self.version == 0 { "broker.id" } else { "node.id" },
            self.node_id.map(|id| id.to_string()),
        );
        put("directory.id", self.directory_id.map(|id| id.to_string()));
        put("version", Some(self.version.to_string()));
        put("cluster.id", self.cluster_id.clone());
        text
    }
}

/// The keys and values of a properties file, without continuation lines, which nobody writes here.
fn properties(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim_start).filter(|line| !line.starts_with(['#', '!']));
    let pairs = lines.filter_map(|line| line.split_once(['=', ':']));
    pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().replace('\\', ""))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::files::memory::MemoryFiles;

    #[test]
    fn they_survive() {
        let files = MemoryFiles::new();
        let dir = Path::new("/d");
        files.create_dir(dir).unwrap();
        assert_eq!(MetaProperties::read(&files, dir).unwrap(), None);
        let properties = MetaProperties {
            version: 1,
            cluster_id: Some("C6sIt0qJS0Gj12MM8NLcZw".into()),
            node_id: Some(1),
            directory_id: Some(Uuid::ONE),
        };
        properties.write(&files, dir).unwrap();
        assert_eq!(MetaProperties::read(&files, dir).unwrap(), Some(properties));
    }

    #[test]
    fn kafkas_are_read() {
        let text = "#\n#Sat Nov 21 08:24:06 UTC 2026\nnode.id=1\ndirectory.id=bFBKiaZSgY54zcaQ2tS5Aw\nversion=1\n\
                    cluster.id=C6sIt0qJS0Gj12MM8NLcZw\n";
        let read = MetaProperties::decode(text).unwrap();
        assert_eq!(read.node_id, Some(1));
        assert_eq!(read.cluster_id.as_deref(), Some("C6sIt0qJS0Gj12MM8NLcZw"));
        assert_eq!(MetaProperties::decode("version=0\nbroker.id=7\n").unwrap().node_id, Some(7));
        for bad in
            ["", "version=2\n", "version=1\nnode.id=1\n", "version=1\ncluster.id=x\nnode.id=y\n"]
        {
            assert!(MetaProperties::decode(bad).is_err(), "{bad:?}");
        }
    }
}
