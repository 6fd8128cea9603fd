"""A subscriber made of stock parts only: Confluent's consumer, Avro deserialiser and registry client.

stock_client.py BOOTSTRAP REGISTRY TOPIC prints what the registry says of the topic's schema, and then every committed
record of the topic, each as a line of JSON.
"""

import json
import sys

from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext


def tell(**what):
    print(json.dumps(what, ensure_ascii=False, default=str))


def ask(registry, topic):
    subject = f"{topic}-value"
    latest = registry.get_latest_version(subject)
    by_id = registry.get_schema(latest.schema_id)
    found = registry.lookup_schema(subject, Schema(latest.schema.schema_str, "AVRO"))
    same = registry.register_schema(subject, Schema(latest.schema.schema_str, "AVRO"))
    changed = json.loads(latest.schema.schema_str)
    changed["fields"].append({"name": "invented", "type": "string"})
    try:
        registry.register_schema(subject, Schema(json.dumps(changed), "AVRO"))
        refused = None
    except SchemaRegistryError as error:
        refused = error.http_status_code
    tell(
        subjects=registry.get_subjects(),
        versions=registry.get_versions(subject),
        same_id=latest.schema_id == found.schema_id == same,
        same_text=json.loads(by_id.schema_str) == json.loads(latest.schema.schema_str),
        compatible=registry.test_compatibility(subject, latest.schema),
        changed_compatible=registry.test_compatibility(subject, Schema(json.dumps(changed), "AVRO")),
        refused=refused,
    )


def read(bootstrap, registry, topic):
    consumer = Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": "stock-client",
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
    })
    deserialise = AvroDeserializer(registry)
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    open_partitions = set(partitions)
    while open_partitions:
        message = consumer.poll(30)
        if message is None:
            sys.exit(f"{topic} is not read to its end")
        if message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                sys.exit(str(message.error()))
            open_partitions.discard(message.partition())
            continue
        context = SerializationContext(topic, MessageField.VALUE, message.headers())
        tell(
            key=message.key().decode(),
            value=deserialise(message.value(), context),
            headers={name: value.decode() for name, value in message.headers()},
        )
    consumer.close()


if __name__ == "__main__":
    bootstrap, url, topic = sys.argv[1:]
    client = SchemaRegistryClient({"url": url})
    ask(client, topic)
    read(bootstrap, client, topic)
