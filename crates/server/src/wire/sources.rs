//! Where rows come from, and the files that go back there.

use super::receivers::Shared;
use super::{WireError, clock_ms, milliseconds};
use crate::config::From;
use std::path::Path;
use std::sync::Arc;
use yibiao_adapter_file::{FileAdapter, Form};
use yibiao_connector_file::FileConnector;
use yibiao_connector_http::pull::{self, PullConnector};
use yibiao_connector_kafka::KafkaConnector;
use yibiao_connector_process::ProcessConnector;
use yibiao_connector_sql::SqlConnector;
use yibiao_contract::{
    Adapter, Batch, BatchLimits, Connector, ConnectorCapabilities, Cursor, Delivery as How, Discovered,
    EdgeError, Finding, OutBatch, Outcome,
};
use yibiao_format::Layout;
use yibiao_mapping::{Key, Mapping, Mode, SourceForm};
use yibiao_record::SystemId;

/// Every connector that exists.
#[derive(Debug)]
pub(crate) enum AnyConnector {
    File(FileConnector),
    Sql(SqlConnector),
    Kafka(KafkaConnector),
    Program(ProcessConnector),
    Pull(Box<PullConnector>),
}

impl Connector for AnyConnector {
    fn capabilities(&self) -> ConnectorCapabilities {
        match self {
            AnyConnector::File(file) => file.capabilities(),
            AnyConnector::Sql(sql) => sql.capabilities(),
            AnyConnector::Kafka(kafka) => kafka.capabilities(),
            AnyConnector::Program(program) => program.capabilities(),
            AnyConnector::Pull(pull) => pull.capabilities(),
        }
    }

    async fn check(&self) -> Vec<Finding> {
        match self {
            AnyConnector::File(file) => file.check().await,
            AnyConnector::Sql(sql) => sql.check().await,
            AnyConnector::Kafka(kafka) => kafka.check().await,
            AnyConnector::Program(program) => program.check().await,
            AnyConnector::Pull(pull) => pull.check().await,
        }
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        match self {
            AnyConnector::File(file) => file.discover().await,
            AnyConnector::Sql(sql) => sql.discover().await,
            AnyConnector::Kafka(kafka) => kafka.discover().await,
            AnyConnector::Program(program) => program.discover().await,
            AnyConnector::Pull(pull) => pull.discover().await,
        }
    }

    async fn read(&mut self, from: &Cursor, limits: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        match self {
            AnyConnector::File(file) => file.read(from, limits).await,
            AnyConnector::Sql(sql) => sql.read(from, limits).await,
            AnyConnector::Kafka(kafka) => kafka.read(from, limits).await,
            AnyConnector::Program(program) => program.read(from, limits).await,
            AnyConnector::Pull(pull) => pull.read(from, limits).await,
        }
    }

    async fn commit(&mut self, upto: &Cursor) -> Result<(), EdgeError> {
        match self {
            AnyConnector::File(file) => file.commit(upto).await,
            AnyConnector::Sql(sql) => sql.commit(upto).await,
            AnyConnector::Kafka(kafka) => kafka.commit(upto).await,
            AnyConnector::Program(program) => program.commit(upto).await,
            AnyConnector::Pull(pull) => pull.commit(upto).await,
        }
    }
}

/// Every adapter that exists.
#[derive(Debug)]
pub(crate) enum AnyAdapter {
    File(FileAdapter),
}

impl Adapter for AnyAdapter {
    fn delivery(&self) -> How {
        let AnyAdapter::File(file) = self;
        file.delivery()
    }

    async fn check(&self) -> Vec<Finding> {
        let AnyAdapter::File(file) = self;
        file.check().await
    }

    async fn write(&mut self, batch: &OutBatch) -> Result<Vec<Outcome>, EdgeError> {
        let AnyAdapter::File(file) = self;
        file.write(batch).await
    }

    async fn last_applied(&self) -> Result<Option<u64>, EdgeError> {
        let AnyAdapter::File(file) = self;
        file.last_applied().await
    }
}

/// Where a system's rows are, ready to be opened.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    File(yibiao_connector_file::Config, Layout),
    Sql(yibiao_connector_sql::Config),
    Kafka(Box<yibiao_connector_kafka::Config>, Vec<String>),
    Program(Box<yibiao_connector_process::Config>),
    Pull(Box<pull::Parts>),
    Http,
}

impl Origin {
    /// Joins where the configuration says that the rows are with what the mapping says that they look like.
    pub(super) fn of(mapping: &Arc<Mapping>, from: &From, shared: &mut Shared) -> Result<Origin, WireError> {
        let source = mapping.source();
        let refuse = |reason: &str, hint| {
            Err(WireError::System { system: mapping.system().to_string(), reason: reason.to_owned(), hint })
        };
        match (from, &source.form) {
            (From::Http, _) => Ok(Origin::Http),
            (From::Program(config), _) => Ok(Origin::Program(config.clone())),
            (From::Pull(pull), _) => shared.origin(mapping, pull).map(|parts| Origin::Pull(Box::new(parts))),
            (From::Kafka(config), _) => Ok(Origin::Kafka(config.clone(), mapping.message_columns())),
            (From::File { folder, settle }, SourceForm::File(layout)) => {
                let snapshot = source.mode == Mode::Snapshot;
                let mut config =
                    yibiao_connector_file::Config::new(folder.clone(), source.file.clone(), snapshot);
                config.settle_ms = milliseconds(*settle);
                Ok(Origin::File(config, layout.clone()))
            }
            (From::Sql { folder, settle }, SourceForm::Table { table, .. }) => {
                let Key::Column(key) = &source.key else {
                    return refuse(
                        "its mapping names no key column",
                        "give the table's key column in the mapping",
                    );
                };
                let path = folder.join(&source.file);
                let mut config = yibiao_connector_sql::Config::new(path, table.clone(), key.clone());
                config.settle_ms = milliseconds(*settle);
                Ok(Origin::Sql(config))
            }
            (From::File { .. }, SourceForm::Table { .. }) => {
                refuse("its mapping is of a table", "write `sql:` in place of `file:`")
            }
            (From::Sql { .. }, SourceForm::File(_)) => {
                refuse("its mapping is of a file", "write `file:` in place of `sql:`")
            }
        }
    }

    /// The way back to whoever sent the rows: its own file is the template. None where it sends no file.
    pub(super) fn adapter(&self, system: SystemId, folder: &Path) -> Option<AnyAdapter> {
        let (template, form) = match self {
            Origin::File(config, layout) => (config.folder.join(&config.name), Form::File(layout.clone())),
            Origin::Sql(config) => {
                (config.path.clone(), Form::Sqlite { table: config.table.clone(), key: config.key.clone() })
            }
            Origin::Kafka(..) | Origin::Program(_) | Origin::Pull(_) | Origin::Http => return None,
        };
        let folder = folder.join(system.as_str());
        Some(AnyAdapter::File(FileAdapter::new(yibiao_adapter_file::Config::new(folder, template, form))))
    }

    /// Whatever reads it, but for what is pushed.
    pub(super) fn connector(&self) -> Option<AnyConnector> {
        Some(match self {
            Origin::Http => return None,
            Origin::Pull(parts) => AnyConnector::Pull(Box::new(
                PullConnector::new((**parts).clone()).expect("invariant: it was made of these parts before"),
            )),
            Origin::File(config, layout) => {
                AnyConnector::File(FileConnector::new(config.clone(), layout.clone(), Arc::new(clock_ms)))
            }
            Origin::Sql(config) => AnyConnector::Sql(SqlConnector::new(config.clone(), Arc::new(clock_ms))),
            Origin::Kafka(config, columns) => {
                AnyConnector::Kafka(KafkaConnector::new((**config).clone(), columns.clone()))
            }
            Origin::Program(config) => AnyConnector::Program(ProcessConnector::new((**config).clone())),
        })
    }
}
