import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;

/** Sends one record to the registry, then prints what the registry says, for ever: Register CE_ID FILE OFFSET. */
class Register {
    public static void main(String[] args) throws Exception {
        String org = System.getenv("ARMSLOG_ORG"), id = args[0];
        String password = Files.readString(Path.of(System.getenv("ARMSLOG_PASSWORD_FILE"))).strip();
        Map<String, Object> cluster = Map.of(
            "bootstrap.servers", System.getenv("ARMSLOG_BROKERS"), "security.protocol", "SASL_SSL",
            "ssl.truststore.type", "PEM", "ssl.truststore.location", System.getenv("ARMSLOG_CA_FILE"),
            "sasl.mechanism", "SCRAM-SHA-512", "sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required"
                + " username=\"" + org + "\" password=\"" + password + "\";");

        // Idempotent, acks=all, the default partitioner: the client's own defaults.
        try (var producer = new KafkaProducer<>(cluster, new ByteArraySerializer(), new ByteArraySerializer())) {
            var request = new ProducerRecord<byte[], byte[]>("armslog.in." + org, Files.readAllBytes(Path.of(args[1])));
            Map.of("ce_specversion", "1.0", "ce_id", id, "ce_type", "armslog.record.submitted.v1")
                .forEach((key, value) -> request.headers().add(key, value.getBytes()));
            producer.send(request).get();
        }
        System.out.println("received"); // never lost from here on, and not decided yet

        var reading = new HashMap<>(cluster);
        reading.putAll(Map.of("auto.offset.reset", "earliest", "enable.auto.commit", false));
        try (var consumer = new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new StringDeserializer())) {
            var outbox = new TopicPartition("armslog.out." + org, 0);
            consumer.assign(List.of(outbox));
            consumer.seek(outbox, Long.parseLong(args[2]));
            for (long last = 0; ; ) { // keep last and the next offset where you keep what you were told
                for (var r : consumer.poll(Duration.ofSeconds(1))) {
                    var m = new ObjectMapper().readTree(r.value());
                    long n = m.path("n").asLong();
                    if (n == 0) {
                        System.out.println(r.offset() + " reply " + m.path("request").asText() + " " + m.path("status").asText() + " " + m.path("errors"));
                    } else if (last == 0 || n == last + 1) {
                        System.out.println(r.offset() + " notification " + n + " " + m.path("reason").asText());
                        last = n;
                    } else if (n > last) {
                        throw new IllegalStateException("notifications are lost: read what is missing at GET /v1/inbox");
                    }
                }
            }
        }
    }
}
