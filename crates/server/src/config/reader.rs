//! From what is written to what is meant.

use super::written::{WrittenDelivery, WrittenFile, WrittenPush, WrittenSource, WrittenToken};
use super::{ConfigError, Delivery, From, SETTLE_DEFAULT, Source, To, Token};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Turns what is written into what is meant, naming file and key where it can't.
pub(super) struct Reader<'a> {
    pub(super) path: &'a Path,
    pub(super) environment: &'a BTreeMap<String, String>,
}

impl Reader<'_> {
    pub(super) fn source(&self, at: usize, source: WrittenSource) -> Result<Source, ConfigError> {
        let key = |rest: &str| format!("sources[{at}].{rest}");
        let settle = |key: String, of: &WrittenFile| self.seconds(&key, of.settle_seconds, SETTLE_DEFAULT);
        let from = match (source.file, source.sql, source.kafka, source.program, source.pull, source.http) {
            (None, None, None, None, None, Some(WrittenPush {})) => From::Http,
            (None, None, None, None, Some(pull), None) => {
                From::Pull(Box::new(self.pull(&key("pull"), *pull)?))
            }
            (Some(file), None, None, None, None, None) => From::File {
                folder: self.folder(&key("file.folder"), &file.folder)?,
                settle: settle(key("file.settle_seconds"), &file)?,
            },
            (None, Some(sql), None, None, None, None) => From::Sql {
                folder: self.folder(&key("sql.folder"), &sql.folder)?,
                settle: settle(key("sql.settle_seconds"), &sql)?,
            },
            (None, None, Some(mut kafka), None, None, None) => {
                for (name, text) in [
                    ("kafka.brokers", &mut kafka.brokers),
                    ("kafka.topic", &mut kafka.topic),
                    ("kafka.group", &mut kafka.group),
                ] {
                    *text = self.text(&key(name), text)?;
                }
                self.texts(&key("kafka.instance"), &mut kafka.instance)?;
                self.registry(&key("kafka"), &mut kafka.registry, &mut kafka.registry_authorities)?;
                self.texts(&key("kafka.registry_user"), &mut kafka.registry_user)?;
                self.texts(&key("kafka.registry_password"), &mut kafka.registry_password)?;
                self.texts(&key("kafka.properties"), kafka.properties.values_mut())?;
                From::Kafka(kafka)
            }
            (None, None, None, Some(mut program), None, None) => {
                self.texts(&key("program.run"), &mut program.run)?;
                self.texts(&key("program.env"), program.env.values_mut())?;
                From::Program(program)
            }
            _ => {
                let detail = "name exactly one of `file`, `sql`, `kafka`, `program`, `pull` and `http`";
                return Err(self.value(&key("file"), &source.system, detail));
            }
        };
        let mapping = source.mapping.map(|mapping| self.folder(&key("mapping"), &mapping)).transpose()?;
        Ok(Source { system: source.system, mapping, from })
    }

    /// A token; `None` where its variable is not set, so that nobody can have it.
    pub(super) fn token(&self, token: WrittenToken) -> Option<Token> {
        let WrittenToken { env, push, subscriptions } = token;
        let Some(text) = self.environment.get(&env).map(|text| text.trim()).filter(|text| !text.is_empty())
        else {
            tracing::warn!(variable = %env, "the environment has no such token: nobody can use it");
            return None;
        };
        Some(Token { digest: blake3::hash(text.as_bytes()), push, subscriptions })
    }

    pub(super) fn delivery(&self, at: usize, delivery: WrittenDelivery) -> Result<Delivery, ConfigError> {
        let WrittenDelivery { subscription, file, kafka, webhook } = delivery;
        let key = |rest: &str| format!("deliveries[{at}].{rest}");
        let to = match (file, kafka, webhook) {
            (Some(file), None, None) => To::File { folder: self.folder(&key("file.folder"), &file.folder)? },
            (None, Some(mut kafka), None) => {
                kafka.brokers = self.text(&key("kafka.brokers"), &kafka.brokers)?;
                kafka.prefix = self.text(&key("kafka.prefix"), &kafka.prefix)?;
                self.registry(&key("kafka"), &mut kafka.registry, &mut kafka.registry_authorities)?;
                self.texts(&key("kafka.registry_user"), &mut kafka.registry_user)?;
                self.texts(&key("kafka.registry_password"), &mut kafka.registry_password)?;
                self.texts(&key("kafka.properties"), kafka.properties.values_mut())?;
                To::Kafka(kafka)
            }
            (None, None, Some(webhook)) => To::Webhook(Box::new(self.webhook(&key("webhook"), *webhook)?)),
            _ => {
                let detail = "name exactly one of `file`, `kafka` and `webhook`";
                return Err(self.value(&key("file"), &subscription, detail));
            }
        };
        Ok(Delivery { subscription, to })
    }

    /// Where a schema registry is, and the file of who vouches for it.
    fn registry(
        &self,
        key: &str,
        url: &mut Option<String>,
        authorities: &mut Option<PathBuf>,
    ) -> Result<(), ConfigError> {
        self.texts(&format!("{key}.registry"), url)?;
        if let Some(path) = authorities {
            let written = path.display().to_string();
            *path = self.folder(&format!("{key}.registry_authorities"), &written)?;
        }
        Ok(())
    }

    /// As [`text`](Self::text), of each.
    pub(super) fn texts<'t>(
        &self,
        key: &str,
        texts: impl IntoIterator<Item = &'t mut String>,
    ) -> Result<(), ConfigError> {
        for text in texts {
            *text = self.text(key, text)?;
        }
        Ok(())
    }

    /// Replaces each `${NAME}`.
    pub(super) fn text(&self, key: &str, written: &str) -> Result<String, ConfigError> {
        let mut text = String::new();
        let mut rest = written;
        while let Some((before, after)) = rest.split_once("${") {
            text.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                return Err(self.value(key, written, "`${` has no `}`"));
            };
            let value = self.environment.get(name).filter(|value| !value.is_empty());
            text.push_str(value.ok_or_else(|| ConfigError::Environment {
                path: self.path.to_owned(),
                key: key.to_owned(),
                name: name.to_owned(),
            })?);
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }

    /// A path. One from the environment is relative to where the program was started, as on any command line; one
    /// written in the file is relative to the file.
    pub(super) fn folder(&self, key: &str, written: &str) -> Result<PathBuf, ConfigError> {
        let path = PathBuf::from(self.text(key, written)?);
        if path.is_absolute() || written.starts_with("${") {
            return Ok(path);
        }
        Ok(self.path.parent().unwrap_or(Path::new("")).join(path))
    }

    pub(super) fn address(&self, key: &str, written: &str) -> Result<SocketAddr, ConfigError> {
        let text = self.text(key, written)?;
        let address: SocketAddr = text
            .parse()
            .map_err(|_| self.value(key, &text, "write an address and a port, such as 127.0.0.1:9464"))?;
        if !address.ip().is_loopback() {
            return Err(self.value(
                key,
                &text,
                "only a loopback address may be served without authentication",
            ));
        }
        Ok(address)
    }

    pub(super) fn seconds(
        &self,
        key: &str,
        written: Option<f64>,
        default: Duration,
    ) -> Result<Duration, ConfigError> {
        let Some(seconds) = written else { return Ok(default) };
        Duration::try_from_secs_f64(seconds)
            .map_err(|_| self.value(key, &seconds.to_string(), "write a number of seconds, 0 or more"))
    }

    pub(super) fn value(&self, key: &str, value: &str, detail: &str) -> ConfigError {
        ConfigError::Value {
            path: self.path.to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
            detail: detail.to_owned(),
        }
    }
}
