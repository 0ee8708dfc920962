"""Sends one record to the registry, then prints what the registry says, for ever: register.py CE_ID FILE OFFSET."""
import json
import os
import sys
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

org, (_, id, file, offset) = os.environ["ARMSLOG_ORG"], sys.argv
cluster = {
    "bootstrap.servers": os.environ["ARMSLOG_BROKERS"],
    "security.protocol": "SASL_SSL",
    "ssl.ca.location": os.environ["ARMSLOG_CA_FILE"],
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": org,
    "sasl.password": Path(os.environ["ARMSLOG_PASSWORD_FILE"]).read_text().strip(),
}


def received(error, message):
    if error:
        raise KafkaException(error)
    print("received", flush=True)  # never lost from here on, and not decided yet


producer = Producer({**cluster, "enable.idempotence": True})  # and so acks=all
headers = {"ce_specversion": "1.0", "ce_id": id, "ce_type": "armslog.record.submitted.v1"}
producer.produce("armslog.in." + org, Path(file).read_bytes(), headers=headers, on_delivery=received)
producer.flush()

# The library wants the name of a group; with assign it is not used.
consumer = Consumer({**cluster, "group.id": "armslog.out." + org, "auto.offset.reset": "earliest", "enable.auto.commit": False})
consumer.assign([TopicPartition("armslog.out." + org, 0, int(offset))])
last = 0  # keep it and the next offset where you keep what you were told
while True:
    r = consumer.poll(1.0)
    if r is None:
        continue
    if r.error():
        raise KafkaException(r.error())
    m = json.loads(r.value())
    if "n" not in m:
        print(r.offset(), "reply", m.get("request"), m["status"], m.get("errors", ""), flush=True)
    elif last == 0 or m["n"] == last + 1:
        print(r.offset(), "notification", m["n"], m["reason"], flush=True)
        last = m["n"]
    elif m["n"] > last:
        sys.exit("notifications are lost: read what is missing at GET /v1/inbox")
