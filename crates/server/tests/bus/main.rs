//! The node on Kafka itself: six departments' rows in, every change of a person out exactly once, whoever dies when.

#[cfg(test)]
mod brokers;
#[cfg(test)]
mod debezium;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod gold;
#[cfg(test)]
mod letters;
#[cfg(test)]
mod numbered;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod stock;
#[cfg(test)]
mod wrong;
