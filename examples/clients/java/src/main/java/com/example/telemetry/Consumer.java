package com.example.telemetry;

import io.cloudevents.CloudEvent;
import io.cloudevents.CloudEventData;
import io.cloudevents.kafka.KafkaMessageFactory;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Prints what it receives: {@code Consumer [auto|manual]}. {@code auto} commits every five seconds; {@code manual} as soon as
 * everything that one poll returned has been processed. Either way, what was not committed before a crash is read again.
 */
public final class Consumer {
  private enum Commit { AUTO, MANUAL }

  /** UTF-8, whatever the locale. */
  private static final PrintStream OUT = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

  private Consumer() {}

  public static void main(String[] args) {
    Commit commit = Commit.valueOf((args.length > 0 ? args[0] : "auto").toUpperCase(Locale.ROOT));
    String topic = System.getenv().getOrDefault("TOPIC", "sluice.telemetry.readings.local");
    KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(settings(commit));
    stopOnRequest(consumer);
    try (consumer) {
      consumer.subscribe(List.of(topic));
      while (true) {
        ConsumerRecords<String, byte[]> records = consumer.poll(Duration.ofSeconds(1));
        for (ConsumerRecord<String, byte[]> record : records) process(record);
        if (commit == Commit.MANUAL && !records.isEmpty()) consumer.commitSync();
      }
    } catch (WakeupException stopped) {
      // Closed by now: it has left the group, and committed once more if commits are automatic.
    }
  }

  private static void process(ConsumerRecord<String, byte[]> record) {
    CloudEvent event;
    try {
      event = KafkaMessageFactory.createReader(record).toEvent();
    } catch (RuntimeException error) {
      // Not an event, and it never will be: the consumer must get past it. As value.deserializer, CloudEventDeserializer
      // would throw in poll, again and again at the same record.
      System.err.printf("Skipped %s [%d] @ %d: %s%n", record.topic(), record.partition(), record.offset(), error.getMessage());
      return;
    }
    OUT.println("Received: " + event.getSource() + " - " + dataText(event));
  }

  /** The data as JSON; data in another format as base64. */
  private static String dataText(CloudEvent event) {
    CloudEventData data = event.getData();
    if (data == null) return "null";
    String type = event.getDataContentType();
    boolean isJson = type == null || type.matches("(?i)[^;]*[/+]json\\s*(;.*)?");
    return isJson ? new String(data.toBytes(), StandardCharsets.UTF_8) : Base64.getEncoder().encodeToString(data.toBytes());
  }

  private static Map<String, Object> settings(Commit commit) {
    Map<String, Object> settings = new HashMap<>();
    settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv().getOrDefault("KAFKA_BROKERS", "localhost:9092"));
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, System.getenv().getOrDefault("GROUP", "java_group"));
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, commit == Commit.AUTO);
    settings.put(ConsumerConfig.AUTO_COMMIT_INTERVAL_MS_CONFIG, 5000);
    settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class);
    settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    return settings;
  }

  /** On SIGTERM or Ctrl-C, ends the poll, and waits until the consumer is closed. */
  private static void stopOnRequest(KafkaConsumer<?, ?> consumer) {
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      consumer.wakeup();
      try {
        main.join();
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
      }
    }));
  }
}
