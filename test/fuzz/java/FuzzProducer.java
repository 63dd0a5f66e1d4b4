import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileOutputStream;
import java.io.FileDescriptor;
import java.io.PrintStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Crc32C;

/**
 * A producer that writes everything that Kafka accepts: `java -cp 'JARS/*' FuzzProducer.java brokers=… topic=… seed=…
 * forMs=…`. The seed determines what it sends; the time or the count determines how much. For each record it prints a line of
 * fields separated by tabs: `ack` or `aborted` with partition, offset, codec, manner and kind; `open` for a record of a
 * transaction that is left open; `refused` with codec, manner, kind and reason if the broker or the client rejects it. The
 * last line is `end`.
 */
public class FuzzProducer {
  static final String[] CODECS = {"none", "gzip", "snappy", "lz4", "zstd"};
  static final int TRANSACTION_MS = 30_000;
  static final int OPEN_TRANSACTION_MS = 2_000;
  static final int LARGEST_PLAIN = 1_000_000;

  final PrintStream out = new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16));
  final Map<String, String> options;
  final String topic;
  final Random random;
  final Kinds kinds;
  final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();
  final long beganAtMs = System.currentTimeMillis();
  volatile boolean isOver;
  int records;
  int batches;
  int made;

  FuzzProducer(Map<String, String> options) {
    this.options = options;
    topic = options.get("topic");
    random = new Random(Long.parseLong(options.get("seed")));
    kinds = new Kinds(random, Set.of(options.getOrDefault("without", "").split(",")), options.getOrDefault("only", ""));
  }

  public static void main(String[] args) throws Exception {
    Map<String, String> options = Arrays.stream(args).map(arg -> arg.split("=", 2))
        .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    FuzzProducer producer = new FuzzProducer(options);
    Thread main = Thread.currentThread();
    // On a request to stop, finish the current batch, so that no transaction stays open by accident.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      producer.isOver = true;
      try {
        main.join();
      } catch (InterruptedException error) {
        return;
      }
    }));
    producer.run();
    producer.out.println("end\t" + producer.records);
    producer.out.flush();
    // Halt, because the clients of open transactions still have threads.
    Runtime.getRuntime().halt(0);
  }

  void run() throws Exception {
    long forMs = Long.parseLong(options.getOrDefault("forMs", "9000000000"));
    int count = Integer.parseInt(options.getOrDefault("count", String.valueOf(Integer.MAX_VALUE)));
    double rate = Double.parseDouble(options.getOrDefault("rate", "400"));
    while (!isOver && System.currentTimeMillis() - beganAtMs < forMs && records < count) {
      try {
        batch(Math.min(count - records, size()));
      } catch (KafkaException error) {
        // The broker was unavailable for long: the result of these records is unknown.
        refused("any", "any", "batch", error);
        for (KafkaProducer<byte[], byte[]> producer : producers.values()) producer.close(Duration.ZERO);
        producers.clear();
      }
      out.flush();
      long earlyMs = (long) (records / rate * 1000) - (System.currentTimeMillis() - beganAtMs);
      if (earlyMs > 0) Thread.sleep(Math.min(earlyMs, 1_000));
    }
    for (KafkaProducer<byte[], byte[]> producer : producers.values()) producer.close(Duration.ofSeconds(10));
  }

  /** The size of a batch: mostly some dozens of records, sometimes one. */
  int size() {
    return random.nextInt(8) == 0 ? 1 : 1 + random.nextInt(80);
  }

  void batch(int size) throws Exception {
    // First each codec once, so that even a short run has all of them.
    String codec = CODECS[batches < CODECS.length ? batches : random.nextInt(CODECS.length)];
    batches++;
    int chance = random.nextInt(100);
    if (chance < 4) raw(Math.min(size, 20));
    else if (chance < 28) transaction(codec, size, random.nextInt(3) > 0 || !kinds.allows("aborted"));
    else if (chance < 29 && kinds.allows("open-transaction")) leaveOpen(codec);
    else awaitAll(sendAll(producer(codec, chance < 65 ? "idempotent" : "plain"), codec, size), codec, chance < 65 ? "idempotent" : "plain");
  }

  record Sent(Future<RecordMetadata> future, String kind) {}

  List<Sent> sendAll(KafkaProducer<byte[], byte[]> producer, String codec, int size) {
    List<Sent> sent = new ArrayList<>();
    for (int at = 0; at < size; at++) {
      Made made = kinds.next(!codec.equals("none"));
      records++;
      try {
        sent.add(new Sent(producer.send(made.record(topic)), made.kind));
      } catch (RuntimeException error) {
        refused(codec, "client", made.kind, error);
      }
    }
    producer.flush();
    return sent;
  }

  void awaitAll(List<Sent> sent, String codec, String manner) throws InterruptedException {
    for (Sent one : sent) told("ack", one, codec, manner);
  }

  void transaction(String codec, int size, boolean commits) throws Exception {
    KafkaProducer<byte[], byte[]> producer = producer(codec, "transaction");
    producer.beginTransaction();
    List<Sent> sent = sendAll(producer, codec, size);
    boolean committed = false;
    try {
      if (commits) producer.commitTransaction();
      committed = commits;
    } catch (RuntimeException error) {
      refused(codec, "transaction", "commit", error);
    }
    if (!committed) producer.abortTransaction();
    for (Sent one : sent) told(committed ? "ack" : "aborted", one, codec, "transaction");
  }

  /** Rare, and in one partition only: later records there cannot be read until the broker has ended the transaction. */
  void leaveOpen(String codec) throws Exception {
    KafkaProducer<byte[], byte[]> producer = create(codec, "transaction", OPEN_TRANSACTION_MS);
    producer.beginTransaction();
    int partition = random.nextInt(producer.partitionsFor(topic).size());
    for (int at = 0; at < 3; at++) {
      Made made = kinds.plain();
      records++;
      made.partition = partition;
      told("open", new Sent(producer.send(made.record(topic)), made.kind), codec, "open");
    }
    // With no time to close, because an orderly close would end the transaction.
    producer.close(Duration.ZERO);
  }

  /** Sends raw bytes that no client would send: header names that are not UTF-8, and times before 1970. */
  void raw(int size) throws Exception {
    List<Made> made = new ArrayList<>();
    for (int at = 0; at < size; at++) made.add(kinds.raw());
    records += size;
    KafkaProducer<byte[], byte[]> any = producer("none", "plain");
    int partition = random.nextInt(any.partitionsFor(topic).size());
    Node leader = any.partitionsFor(topic).get(0).leader();
    for (var info : any.partitionsFor(topic)) if (info.partition() == partition) leader = info.leader();
    boolean early = kinds.has("negative-time") && random.nextBoolean();
    try {
      long offset = new RawProduce(leader.host(), leader.port()).send(topic, partition, made, early);
      for (int at = 0; at < size; at++) line("ack", partition, offset + at, "none", "raw", made.get(at).kind + (early ? "+negative-time" : ""));
    } catch (Exception error) {
      refused("none", "raw", "raw", error);
    }
  }

  void told(String what, Sent one, String codec, String manner) throws InterruptedException {
    try {
      RecordMetadata place = one.future.get();
      line(what, place.partition(), place.offset(), codec, manner, one.kind);
    } catch (java.util.concurrent.ExecutionException error) {
      refused(codec, manner, one.kind, error.getCause());
    }
  }

  void refused(String codec, String manner, String kind, Throwable error) {
    line("refused", codec, manner, kind, error.getClass().getSimpleName());
  }

  void line(Object... fields) {
    out.println(Arrays.stream(fields).map(String::valueOf).collect(Collectors.joining("\t")));
  }

  /** The producer for a codec and manner. It is sometimes replaced by one with other settings. */
  KafkaProducer<byte[], byte[]> producer(String codec, String manner) {
    String name = codec + " " + manner;
    if (producers.containsKey(name) && random.nextInt(60) == 0) producers.remove(name).close(Duration.ofSeconds(10));
    return producers.computeIfAbsent(name, none -> create(codec, manner, TRANSACTION_MS));
  }

  KafkaProducer<byte[], byte[]> create(String codec, String manner, int transactionMs) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", options.get("brokers"));
    settings.put("compression.type", codec);
    settings.put("key.serializer", ByteArraySerializer.class.getName());
    settings.put("value.serializer", ByteArraySerializer.class.getName());
    settings.put("max.request.size", "400000000");
    settings.put("buffer.memory", "200000000");
    settings.put("linger.ms", String.valueOf(random.nextInt(30)));
    settings.put("batch.size", String.valueOf(new int[] {0, 1_000, 16_384, 200_000, 900_000}[random.nextInt(5)]));
    settings.put("enable.idempotence", String.valueOf(!manner.equals("plain")));
    settings.put("acks", manner.equals("plain") && random.nextBoolean() ? "1" : "all");
    if (manner.equals("transaction")) {
      settings.put("transactional.id", "fuzz-" + ProcessHandle.current().pid() + "-" + made++);
      settings.put("transaction.timeout.ms", String.valueOf(transactionMs));
    }
    KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings);
    if (manner.equals("transaction")) producer.initTransactions();
    return producer;
  }
}

/** A record to send, and its kinds of oddity. */
class Made {
  String kind = "";
  byte[] key;
  byte[] value;
  Integer partition;
  Long timestamp;
  final List<Header> headers = new ArrayList<>();

  Made header(String name, byte[] value) {
    headers.add(new RecordHeader(name, value));
    return this;
  }

  Made header(String name, String value) {
    return header(name, value.getBytes(StandardCharsets.UTF_8));
  }

  Made without(String name) {
    headers.removeIf(header -> header.key().equals(name));
    return this;
  }

  Made instead(String name, String value) {
    return without(name).header(name, value);
  }

  Made json(String text) {
    value = text.getBytes(StandardCharsets.UTF_8);
    return this;
  }

  Made copy() {
    Made copy = new Made();
    copy.key = key;
    copy.value = value;
    copy.headers.addAll(headers);
    return copy;
  }

  ProducerRecord<byte[], byte[]> record(String topic) {
    return new ProducerRecord<>(topic, partition, timestamp, key, value, headers);
  }
}

/** All kinds of records by name, each a change to a valid reading. */
class Kinds {
  static final int MIB = 1024 * 1024;
  final Random random;
  final Map<String, Consumer<Made>> changes = new LinkedHashMap<>();
  /** The names to draw from, repeated by weight. */
  final List<String> drawn = new ArrayList<>();
  final ArrayDeque<Made> recent = new ArrayDeque<>();
  final Set<String> without;
  final String only;
  int number;
  boolean compresses;
  final String run;

  Kinds(Random random, Set<String> without, String only) {
    this.random = random;
    this.without = without;
    this.only = only;
    run = Long.toString(random.nextLong(), 36);
    kind(60, "structured", this::structured);
    kind(15, "null-value", made -> made.value = null);
    kind(10, "empty-value", made -> made.value = new byte[0]);
    kind(20, "random-value", made -> made.value = bytes(random.nextInt(400)));
    kind(15, "no-event", made -> made.headers.clear());
    kind(10, "broken-json", made -> made.value = Arrays.copyOf(made.value, random.nextInt(made.value.length)));
    kind(20, "wrong-type", made -> made.json(pick(
        "{\"sensorId\":7,\"temperature\":\"warm\"}", "[]", "null", "true", "0", "\"text\"", "{}",
        "{\"sensorId\":\"a\",\"temperature\":null,\"location\":[]}", reading("\"tags\":{\"a\":1}"))));
    kind(15, "duplicate-member", made -> made.json(reading("\"temperature\":1,\"temperature\":2")));
    kind(10, "proto-member", made -> made.json(reading("\"__proto__\":{\"a\":1},\"constructor\":{}")));
    kind(15, "deep", made -> made.json(deep(pick(99, 100, 101, 500, 2_000, 10_000))));
    kind(15, "surrogate", made -> made.json(reading("\"tags\":{\"a\":\"" + pick("\\ud800", "\\udc00\\ud800", "x\\udfff", "\\u0000") + "\"}")));
    kind(15, "huge-number", made -> made.json(reading("\"temperature\":" + pick(
        "1e400", "-1e400", "9007199254740993", "9".repeat(400), "1e-400", "123456789012345678901234567890", "-0", "1.7976931348623157e308"))));
    kind(10, "nan-text", made -> made.json(reading("\"temperature\":" + pick("NaN", "Infinity", "-Infinity", "\"NaN\"", "0x10", "1.", "+1", ".5"))));
    kind(3, "large", made -> large(made, compresses ? MIB * 3 : FuzzProducer.LARGEST_PLAIN));
    kind(2, "large-reading", made -> made.json(reading("\"tags\":{\"a\":\"" + "x".repeat(compresses ? MIB : FuzzProducer.LARGEST_PLAIN - 2_000) + "\"}")));
    kind(1, "bomb", made -> large(made, compresses ? (10 + random.nextInt(40)) * MIB : 1_000));
    kind(3, "many-headers", made -> manyHeaders(made, pick(500, 2_000, 10_000, 40_000)));
    kind(30, "odd-headers", this::oddHeaders);
    kind(10, "proto-header", made -> made.header("__proto__", "a").header("constructor", "b").header("toString", "c"));
    kind(25, "odd-attribute", this::oddAttribute);
    kind(10, "repeated-attribute", made -> made.header("ce_" + pick("id", "source", "type", "time", "subject"), "again"));
    kind(10, "missing-attribute", made -> made.without("ce_" + pick("id", "source", "type", "specversion", "subject", "time")));
    kind(4, "tracestate", made -> made.header("ce_traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .header("ce_tracestate", "v".repeat(compresses ? MIB + random.nextInt(2 * MIB) : 100_000)));
    kind(15, "redrive", made -> made.header("sluice-redrive-consumer", pick("processor", "alerting", "activity", "x", ""))
        .header("sluice-redrive-failure", pick("AAAAAAAAAAAAAAAAAAAAAA", "", "x".repeat(5_000)))
        .header("sluice-redrive-attempt", pick("2", "0", "-1", "x", "999999999", "1e9")));
    kind(30, "odd-time", made -> made.instead("ce_time", pick("1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
        Instant.now().plusSeconds(86_400).toString(), "garbage", "2016-12-31T23:59:60Z", "2026-13-45T99:99:99Z", "",
        "0000-00-00T00:00:00Z", "1e12", "2026-02-30T00:00:00Z", "1999-12-31T23:59:59Z", "2001-01-01T00:00:00+14:00")));
    kind(40, "same-id", made -> again(made, true));
    kind(15, "other-content", made -> again(made, false));
    kind(15, "ground-id", made -> made.instead("ce_id", run + "/" + String.format("%08d", number / 3) + "aa".repeat(random.nextInt(60))));
    kind(15, "null-key", made -> made.key = null);
    kind(10, "empty-key", made -> made.key = new byte[0]);
    kind(10, "broken-key", made -> made.key = new byte[] {(byte) 0xff, (byte) 0xfe, (byte) random.nextInt(), 0});
    kind(3, "long-key", made -> made.key = bytes(1 + random.nextInt(100_000)));
    kind(10, "misrouted", made -> made.partition = 0);
    kind(10, "huge-timestamp", made -> made.timestamp = pick(0L, 1L, Long.MAX_VALUE, 4_102_444_800_000L));
    kind(5, "forged-tick", made -> made.instead("ce_type", "io.sluice.clock.tick.v1").instead("ce_source", "/fuzz-clock"));
    kind(5, "other-type", made -> made.instead("ce_type", pick("io.sluice.alert.fired.v1", "io.sluice.failure.v1", "x", "io.sluice.database.reading.v1")));
    // Only for raw requests.
    kind(0, "raw-name", made -> made.header(RawProduce.PLACEHOLDER, bytes(3)));
    kind(0, "negative-time", made -> {});
  }

  void kind(int weight, String name, Consumer<Made> change) {
    changes.put(name, change);
    boolean isWanted = only.isEmpty() || Set.of(only.split(",")).contains(name);
    if (isWanted && !without.contains(name)) for (int at = 0; at < weight; at++) drawn.add(name);
  }

  boolean has(String name) {
    return allows(name) && only.isEmpty();
  }

  boolean allows(String name) {
    return !without.contains(name);
  }

  /** The next record. Half of them are valid readings; some of the others have two oddities. */
  Made next(boolean compresses) {
    this.compresses = compresses;
    Made made = plain();
    if (drawn.isEmpty() || (only.isEmpty() && random.nextBoolean())) return made;
    made.kind = drawn.get(random.nextInt(drawn.size()));
    changes.get(made.kind).accept(made);
    if (only.isEmpty() && random.nextInt(6) == 0) {
      String also = drawn.get(random.nextInt(drawn.size()));
      // Changes of the value need one, which the first change may have removed.
      if (made.value != null && made.value.length > 0) changes.get(also).accept(made);
      made.kind += "+" + also;
    }
    return made;
  }

  Made raw() {
    Made made = next(false);
    if (!has("raw-name") || random.nextBoolean()) return made;
    changes.get("raw-name").accept(made);
    made.kind += "+raw-name";
    return made;
  }

  Made plain() {
    Made made = new Made();
    number++;
    made.kind = "reading";
    String subject = "f-" + random.nextInt(200);
    made.key = subject.getBytes(StandardCharsets.UTF_8);
    made.json(reading("\"temperature\":" + (random.nextInt(600) / 10.0 - 5)).replace("SENSOR", subject));
    made.header("ce_specversion", "1.0").header("ce_id", run + "-" + number).header("ce_source", "/environment/fuzz")
        .header("ce_type", "io.sluice.environment.reading.v1").header("ce_subject", subject)
        .header("content-type", "application/json").header("ce_time", Instant.now().toString());
    // Copied before changes, which can make it large.
    recent.addLast(made.copy());
    if (recent.size() > 300) recent.removeFirst();
    return made;
  }

  String reading(String members) {
    return "{\"sensorId\":\"SENSOR\"," + members + ",\"location\":{\"site\":\"fuzz\",\"latitude\":1,\"longitude\":1}}";
  }

  void structured(Made made) {
    String attributes = made.headers.stream().filter(header -> header.key().startsWith("ce_"))
        .map(header -> "\"" + header.key().substring(3) + "\":\"" + text(header.value()) + "\"").collect(Collectors.joining(","));
    String odd = random.nextInt(3) > 0 ? "" : pick(",\"id\":\"twice\"", ",\"data_base64\":\"AA==\"", ",\"odd\":1.5", ",\"odd\":null",
        ",\"__proto__\":\"x\"", ",\"n\":9007199254740993", ",\"Upper\":\"x\"", ",\"lone\":\"\\ud800\"");
    String data = random.nextInt(4) > 0 ? text(made.value) : pick("null", "[]", deep(150), "1e999", "\"x\"");
    made.headers.clear();
    made.header("content-type", pick("application/cloudevents+json", "application/cloudevents+json; charset=utf-8",
        "application/cloudevents+avro", "APPLICATION/CloudEvents+JSON", "application/cloudevents-batch+json"));
    made.json("{" + attributes + ",\"datacontenttype\":\"application/json\",\"data\":" + data + odd + "}");
  }

  static String text(byte[] bytes) {
    return bytes == null ? "null" : new String(bytes, StandardCharsets.UTF_8);
  }

  String deep(int levels) {
    boolean isArray = random.nextBoolean();
    return isArray ? "[".repeat(levels) + "]".repeat(levels) : "{\"a\":".repeat(levels) + "1" + "}".repeat(levels);
  }

  void large(Made made, int size) {
    made.value = new byte[size];
    if (random.nextBoolean()) for (int at = 0; at < size; at++) made.value[at] = (byte) ("sluice ".charAt(at % 7));
  }

  void manyHeaders(Made made, int count) {
    for (int at = 0; at < count; at++) made.header(Integer.toString(at, 36) + "_", random.nextBoolean() ? new byte[0] : null);
  }

  void oddHeaders(Made made) {
    switch (random.nextInt(8)) {
      case 0 -> made.headers.clear();
      case 1 -> made.header("x", (byte[]) null).header("x", "b");
      case 2 -> made.header("", "no name").header("", (byte[]) null);
      case 3 -> made.header("7", "a").header("b", "b").header("1", "c").header("7", "d");
      case 4 -> made.header("a", "1").header("b", "2").header("a", "3").header("a", bytes(200));
      case 5 -> made.header("name ".repeat(random.nextInt(2_000)), "long");
      case 6 -> made.header("\u0000\u202e\ud83d\ude00", bytes(4));
      default -> made.header("content-type", pick("application/json", "text/plain", "", "application/cloudevents+json"));
    }
  }

  void oddAttribute(Made made) {
    String name = pick("ce_id", "ce_source", "ce_type", "ce_specversion", "ce_subject", "ce_dataschema", "ce_odd", "ce_", "ce_Upper", "ce_unit");
    made.without(name);
    switch (random.nextInt(6)) {
      case 0 -> made.header(name, (byte[]) null);
      case 1 -> made.header(name, "");
      case 2 -> made.header(name, new byte[] {(byte) 0xc3, 0x28});
      case 3 -> made.header(name, "x".repeat(pick(4_096, 4_097, 40_000)));
      case 4 -> made.header(name, "\u0000\u0007\ufffe");
      default -> made.header(name, " spaced % \" \\ ");
    }
  }

  /** Uses the id of an earlier record. */
  void again(Made made, boolean isSame) {
    Made before = recent.stream().skip(random.nextInt(recent.size())).findFirst().orElse(made);
    made.headers.clear();
    made.headers.addAll(before.headers);
    made.key = before.key;
    made.partition = before.partition;
    made.value = isSame || before.value == null ? before.value : json("{\"other\":" + number + "}");
  }

  static byte[] json(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return bytes;
  }

  @SafeVarargs
  final <T> T pick(T... from) {
    return from[random.nextInt(from.length)];
  }
}

/** A hand-made, uncompressed produce request: the records are serialized by Kafka's code, and then changed in place. */
class RawProduce {
  /** A placeholder for a name that is not UTF-8, of the same length. */
  static final String PLACEHOLDER = "\u0001raw\u0001name\u0001";
  static final byte[] NOT_UTF8 = {(byte) 0xff, 'r', 'a', 'w', (byte) 0xc3, 'n', 'a', 'm', 'e', (byte) 0x80};
  final String host;
  final int port;

  RawProduce(String host, int port) {
    this.host = host;
    this.port = port;
  }

  /** @return the offset of the first */
  long send(String topic, int partition, List<Made> made, boolean beforeEpoch) throws Exception {
    byte[] batch = batch(made, beforeEpoch);
    byte[] name = topic.getBytes(StandardCharsets.UTF_8);
    // Produce, version 3: header, no transaction, all replicas, 10 s.
    ByteBuffer request = ByteBuffer.allocate(batch.length + name.length + 64);
    request.putShort((short) 0).putShort((short) 3).putInt(1).putShort((short) -1);
    request.putShort((short) -1).putShort((short) -1).putInt(10_000);
    request.putInt(1).putShort((short) name.length).put(name).putInt(1).putInt(partition).putInt(batch.length).put(batch);
    try (Socket socket = new Socket(host, port)) {
      DataOutputStream to = new DataOutputStream(socket.getOutputStream());
      to.writeInt(request.position());
      to.write(request.array(), 0, request.position());
      to.flush();
      DataInputStream from = new DataInputStream(socket.getInputStream());
      byte[] answer = new byte[from.readInt()];
      from.readFully(answer);
      // Correlation, topics, name, partitions, partition.
      ByteBuffer read = ByteBuffer.wrap(answer, 4 + 4 + 2 + name.length + 4 + 4, answer.length - 18 - name.length);
      short code = read.getShort();
      if (code != 0) throw new IllegalStateException("code " + code);
      return read.getLong();
    }
  }

  static byte[] batch(List<Made> made, boolean beforeEpoch) {
    ByteBuffer into = ByteBuffer.allocate(16 * 1024 * 1024);
    var builder = org.apache.kafka.common.record.internal.MemoryRecords.builder(into, Compression.NONE, TimestampType.CREATE_TIME, 0);
    for (Made one : made) {
      long timestamp = one.timestamp == null ? System.currentTimeMillis() : one.timestamp;
      builder.append(timestamp, one.key, one.value, one.headers.toArray(Header[]::new));
    }
    ByteBuffer built = builder.build().buffer();
    byte[] bytes = new byte[built.remaining()];
    built.get(bytes);
    replace(bytes, PLACEHOLDER.getBytes(StandardCharsets.UTF_8), NOT_UTF8);
    ByteBuffer batch = ByteBuffer.wrap(bytes);
    // The first timestamp and the largest.
    if (beforeEpoch) batch.putLong(27, -62_135_596_800_000L).putLong(35, -1_000L);
    batch.putInt(17, (int) Crc32C.compute(batch, 21, bytes.length - 21));
    return bytes;
  }

  static void replace(byte[] bytes, byte[] from, byte[] to) {
    for (int at = 0; at + from.length <= bytes.length; at++)
      if (Arrays.equals(bytes, at, at + from.length, from, 0, from.length)) System.arraycopy(to, 0, bytes, at, to.length);
  }
}
