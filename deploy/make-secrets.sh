#!/bin/sh
# Makes the secrets that docker-compose.yml names, in deploy/secrets or in the
# directory given. What is there stays: run again, it adds what is missing. It
# needs openssl.
set -eu
dir=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$dir"
cd "$dir"

# The directory is its owner's alone. The files are not: a container reads them
# as a user of its own.
keep() { chmod 0444 "$1.new" && mv "$1.new" "$1"; }
random() { [ -e "$1" ] || { openssl rand -hex "$2" | tr -d '\n' >"$1.new" && keep "$1"; }; }

random tables-password 32 # of ClickHouse
random actor-secret 32    # keys the pairwise ids of users
random mark-key 16        # keys mark_id
random kafka-admin 32     # Kafka's super user: brokers among themselves, and cluster apply
random grafana-admin 16   # of Grafana, with --profile monitoring

if [ ! -e kafka-login ]; then # how brokers sign in, and who may by PLAIN: the super user alone
  printf 'org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="%s" user_admin="%s";' \
    "$(cat kafka-admin)" "$(cat kafka-admin)" >kafka-login.new
  keep kafka-login
fi

if [ ! -e kafka-broker ]; then # one certificate for the three, and an authority that signs nothing else
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=armslog kafka authority" \
    -keyout authority-key -out kafka-ca.new 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=armslog kafka broker" \
    -keyout broker-key -out request 2>/dev/null
  printf 'subjectAltName=DNS:kafka1,DNS:kafka2,DNS:kafka3,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n' >names
  openssl x509 -req -in request -CA kafka-ca.new -CAkey authority-key -CAcreateserial -CAserial serial -days 3650 -extfile names \
    -out certificate 2>/dev/null
  cat broker-key certificate >kafka-broker.new
  rm -f authority-key broker-key request names serial certificate
  keep kafka-ca
  keep kafka-broker
fi
