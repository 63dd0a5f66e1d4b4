import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads the committed records of topics to their ends with Kafka's own client: `java -cp 'JARS/*' FuzzReader.java brokers=…
 * topics=AS:TOPIC,…`. Output fields are separated by tabs; the first is the form (AS) in which the topic is read.
 *
 * `record`: partition, offset, id and source of the event (base64), digests of key, value and headers, and their total size in
 * base64. `failure` and `dead-letter`: partition, offset, id, consumer, original partition and offset, code, and the same
 * digests of the original record. `event`: the whole line is a JSON object, the record as Lambda passes it to a function.
 * `end`, once for each partition: the form, the partition, and the offset at which reading ended.
 */
public class FuzzReader {
  static final PrintStream OUT = new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16));
  static final ObjectMapper JSON = new ObjectMapper();

  record Named(String name, byte[] value) {}

  public static void main(String[] args) throws Exception {
    Map<String, String> options = Arrays.stream(args).map(arg -> arg.split("=", 2))
        .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    Properties settings = new Properties();
    settings.put("bootstrap.servers", options.get("brokers"));
    settings.put("isolation.level", "read_committed");
    settings.put("key.deserializer", ByteArrayDeserializer.class.getName());
    settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
    settings.put("max.poll.records", "50");
    settings.put("fetch.max.bytes", "4000000");
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
      for (String topic : options.get("topics").split(",")) {
        int colon = topic.indexOf(':');
        read(consumer, topic.substring(colon + 1), topic.substring(0, colon));
      }
    }
    OUT.flush();
  }

  static void read(KafkaConsumer<byte[], byte[]> consumer, String topic, String as) throws Exception {
    List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
        .map(info -> new TopicPartition(info.topic(), info.partition())).toList();
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    Map<TopicPartition, Long> ends = new HashMap<>(consumer.endOffsets(partitions));
    while (!ends.isEmpty()) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) tell(record, as);
      ends.entrySet().removeIf(end -> {
        boolean isOver = consumer.position(end.getKey()) >= end.getValue();
        if (isOver) line("end", as, end.getKey().partition(), end.getValue());
        return isOver;
      });
    }
  }

  static void tell(ConsumerRecord<byte[], byte[]> record, String as) throws Exception {
    switch (as) {
      case "failure", "dead-letter" -> failure(record, as);
      case "event" -> OUT.println(JSON.writeValueAsString(event(record)));
      default -> line(as, record.partition(), record.offset(), base64(first(last(record, "ce_id"))), base64(first(last(record, "ce_source"))),
          digest(record.key()), digest(record.value()), digest(headersOf(record)), sizeOf(record));
    }
  }

  static void failure(ConsumerRecord<byte[], byte[]> record, String as) throws Exception {
    byte[] type = last(record, "ce_type");
    // The dead letters have ticks beside them.
    if (new String(type, StandardCharsets.UTF_8).equals("io.sluice.clock.tick.v1")) return;
    JsonNode data = JSON.readTree(record.value());
    List<Named> headers = new ArrayList<>();
    for (JsonNode header : data.get("originalHeaders"))
      headers.add(new Named(header.get("name").asText(), Base64.getDecoder().decode(header.get("value").asText())));
    line(as, record.partition(), record.offset(), new String(last(record, "ce_id"), StandardCharsets.UTF_8),
        data.get("consumer").asText(), data.get("originalPartition").asInt(), data.get("originalOffset").asLong(),
        data.get("errorType").asText(), digest(bytes(data.get("originalKey"))), digest(bytes(data.get("originalValue"))), digest(headers));
  }

  static Map<String, Object> event(ConsumerRecord<byte[], byte[]> record) {
    Map<String, Object> event = new HashMap<>();
    event.put("topic", record.topic());
    event.put("partition", record.partition());
    event.put("offset", record.offset());
    event.put("timestamp", record.timestamp());
    event.put("timestampType", "LOG_APPEND_TIME");
    if (record.key() != null) event.put("key", base64(record.key()));
    if (record.value() != null) event.put("value", base64(record.value()));
    List<Object> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      byte[] value = header.value() == null ? new byte[0] : header.value();
      int[] numbers = new int[value.length];
      for (int at = 0; at < value.length; at++) numbers[at] = value[at];
      headers.add(Map.of(header.key(), numbers));
    }
    event.put("headers", headers);
    return event;
  }

  static byte[] last(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null ? new byte[0] : header.value();
  }

  /** The headers that the producer wrote. A header without a value has no bytes. */
  static List<Named> headersOf(ConsumerRecord<byte[], byte[]> record) {
    List<Named> headers = new ArrayList<>();
    for (Header header : record.headers())
      if (!header.key().startsWith("sluice-")) headers.add(new Named(header.key(), header.value() == null ? new byte[0] : header.value()));
    return headers;
  }

  static byte[] bytes(JsonNode base64) {
    return base64.isNull() ? null : Base64.getDecoder().decode(base64.asText());
  }

  static String digest(byte[] bytes) throws Exception {
    if (bytes == null) return "null";
    return base64(Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(bytes), 12));
  }

  /** Sorted by name, because clients keep the order only among headers of the same name. */
  static String digest(List<Named> headers) throws Exception {
    if (headers.isEmpty()) return "null";
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (Named header : headers.stream().sorted(Comparator.comparing(Named::name)).toList()) {
      byte[] name = header.name().getBytes(StandardCharsets.UTF_8);
      digest.update((name.length + ":" + header.value().length + ":").getBytes(StandardCharsets.UTF_8));
      digest.update(name);
      digest.update(header.value());
    }
    return base64(Arrays.copyOf(digest.digest(), 12));
  }

  /** The size of the record in a failure record: base64, each header with its braces. */
  static long sizeOf(ConsumerRecord<byte[], byte[]> record) {
    long bytes = 0;
    for (byte[] part : new byte[][] {record.key(), record.value()}) bytes += part == null ? 4 : part.length * 4L / 3;
    for (Named header : headersOf(record)) bytes += header.name().length() + header.value().length * 4L / 3 + 24;
    return bytes;
  }

  static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  static byte[] first(byte[] bytes) {
    return bytes.length > 200 ? Arrays.copyOf(bytes, 200) : bytes;
  }

  static void line(Object... fields) {
    OUT.println(Arrays.stream(fields).map(String::valueOf).collect(Collectors.joining("\t")));
  }
}
