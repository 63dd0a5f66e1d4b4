package com.example.telemetry;

import io.cloudevents.CloudEvent;
import io.cloudevents.core.message.Encoding;
import io.cloudevents.jackson.JsonFormat;
import io.cloudevents.kafka.CloudEventSerializer;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends readings: {@code Producer [binary|structured] [COUNT]}. */
public final class Producer {
  private Producer() {}

  public static void main(String[] args) {
    Encoding mode = Encoding.valueOf((args.length > 0 ? args[0] : "binary").toUpperCase(Locale.ROOT));
    int count = args.length > 1 ? Integer.parseInt(args[1]) : 9;
    String topic = System.getenv().getOrDefault("TOPIC", "sluice.telemetry.readings.local");
    AtomicInteger failed = new AtomicInteger();
    try (KafkaProducer<String, CloudEvent> producer = new KafkaProducer<>(settings(mode))) {
      for (CloudEvent event : Readings.of(count, "java")) {
        // The key is the entity: all its readings are in one partition.
        producer.send(new ProducerRecord<>(topic, event.getSubject(), event), (place, error) -> {
          if (error == null) {
            System.out.printf("Delivered to %s [%d] @ %d%n", place.topic(), place.partition(), place.offset());
          } else {
            failed.incrementAndGet();
            System.err.println("Delivery failed: " + error.getMessage());
          }
        });
      }
    }
    if (failed.get() > 0) System.exit(1);
  }

  /**
   * The client's defaults are the right ones: murmur2 of the key chooses the partition, all replicas acknowledge, and a retry
   * neither repeats nor reorders records.
   */
  private static Map<String, Object> settings(Encoding mode) {
    Map<String, Object> settings = new HashMap<>();
    settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv().getOrDefault("KAFKA_BROKERS", "localhost:9092"));
    settings.put(ProducerConfig.CLIENT_ID_CONFIG, "telemetry-producer");
    settings.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class);
    settings.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, CloudEventSerializer.class);
    settings.put(CloudEventSerializer.ENCODING_CONFIG, mode);
    if (mode == Encoding.STRUCTURED) settings.put(CloudEventSerializer.EVENT_FORMAT_CONFIG, JsonFormat.CONTENT_TYPE);
    return settings;
  }
}
