import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.Stores;

/**
 * The processor's statistics in Kafka Streams, by sensor: those of each metric, since the first reading and in the open minute and the one
 * before, and a summary of each closed minute. The store has a cache, as that of an `aggregate`. Answers with all states as JSON.
 */
public class Statistics {
  /** Statistics of one metric, by Welford's method. */
  record Metric(long count, double mean, double m2, double minimum, double maximum, double last, long lastAtMs) {
    static Metric add(Metric before, double x, long timeMs) {
      if (before == null) return new Metric(1, x, 0, x, x, x, timeMs);
      double distance = x - before.mean, mean = before.mean + distance / (before.count + 1);
      boolean isLatest = timeMs >= before.lastAtMs;
      return new Metric(before.count + 1, mean, before.m2 + distance * (x - mean), Math.min(before.minimum, x),
          Math.max(before.maximum, x), isLatest ? x : before.last, isLatest ? timeMs : before.lastAtMs);
    }
  }

  /** Revision: the number of times that its summary has changed. */
  record Minute(int revision, Map<String, Metric> metrics) {}

  /** Minutes by their start in minutes since the epoch. The last one is open. */
  record State(Map<String, Metric> metrics, TreeMap<Long, Minute> minutes) {}

  static final ObjectMapper JSON = new ObjectMapper();
  /** Names of the metrics. They are stored as their positions. */
  static List<String> names;

  public static void main(String[] arguments) throws InterruptedException {
    names = List.of(arguments[4].split(","));
    Serde<State> serde = Serdes.serdeFrom((topic, state) -> state == null ? null : write(state),
        (topic, bytes) -> bytes == null ? null : read(bytes));
    StreamsBuilder builder = new StreamsBuilder();
    builder.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("states"), Serdes.String(), serde)
        .withCachingEnabled());
    builder.stream(arguments[1], Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .process(Step::new, "states")
        .to(arguments[2], Produced.with(Serdes.String(), Serdes.ByteArray()));
    StreamsProgram.run(arguments, builder.build(), Statistics::states);
  }

  static class Step extends ContextualProcessor<String, byte[], String, byte[]> {
    KeyValueStore<String, State> states;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
      super.init(context);
      states = context.getStateStore("states");
    }

    @Override
    public void process(Record<String, byte[]> record) {
      try {
        JsonNode event = JSON.readTree(record.value()), data = event.get("data");
        long timeMs = Instant.parse(event.get("time").textValue()).toEpochMilli();
        State state = states.get(record.key());
        if (state == null) state = new State(new HashMap<>(), new TreeMap<>());
        add(state.metrics, data, timeMs);
        Minute due = addToMinute(state.minutes, data, timeMs);
        if (due != null) context().forward(record.withValue(JSON.writeValueAsBytes(due)));
        states.put(record.key(), state);
      } catch (IOException invalid) {
        throw new UncheckedIOException(invalid);
      }
    }

    void add(Map<String, Metric> all, JsonNode data, long timeMs) {
      for (String name : names) {
        JsonNode x = data.get(name);
        if (x != null && x.isNumber()) all.put(name, Metric.add(all.get(name), x.doubleValue(), timeMs));
      }
    }

    /** Returns the closed minute whose summary is due, or null. */
    Minute addToMinute(TreeMap<Long, Minute> minutes, JsonNode data, long timeMs) {
      long start = timeMs / 60_000, open = minutes.isEmpty() ? start : minutes.lastKey();
      if (start < open - 1) return null;
      Minute before = minutes.getOrDefault(start, new Minute(start < open ? -1 : 0, new HashMap<>()));
      Minute minute = new Minute(start < open ? before.revision + 1 : 0, before.metrics);
      add(minute.metrics, data, timeMs);
      minutes.put(start, minute);
      Minute due = start > open ? minutes.get(open) : start < open ? minute : null;
      minutes.headMap(minutes.lastKey() - 1).clear();
      return due;
    }
  }

  static byte[] write(State state) {
    ByteBuffer out = ByteBuffer.allocate(16_384);
    write(state.metrics, out);
    state.minutes.forEach((start, minute) -> write(minute.metrics, out.putLong(start).putInt(minute.revision)));
    return Arrays.copyOf(out.array(), out.position());
  }

  static void write(Map<String, Metric> metrics, ByteBuffer out) {
    out.put((byte) metrics.size());
    metrics.forEach((name, metric) -> out.put((byte) names.indexOf(name)).putLong(metric.count).putDouble(metric.mean)
        .putDouble(metric.m2).putDouble(metric.minimum).putDouble(metric.maximum).putDouble(metric.last).putLong(metric.lastAtMs));
  }

  static State read(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    State state = new State(readMetrics(in), new TreeMap<>());
    while (in.hasRemaining()) state.minutes.put(in.getLong(), new Minute(in.getInt(), readMetrics(in)));
    return state;
  }

  static Map<String, Metric> readMetrics(ByteBuffer in) {
    Map<String, Metric> metrics = new HashMap<>();
    for (int left = in.get(); left > 0; left--)
      metrics.put(names.get(in.get()), new Metric(in.getLong(), in.getDouble(), in.getDouble(), in.getDouble(), in.getDouble(),
          in.getDouble(), in.getLong()));
    return metrics;
  }

  static String states(KafkaStreams streams) {
    Map<String, State> all = new HashMap<>();
    try (var rows = streams.store(StoreQueryParameters.fromNameAndType("states",
        QueryableStoreTypes.<String, State>keyValueStore())).all()) {
      rows.forEachRemaining(row -> all.put(row.key, row.value));
      return JSON.writeValueAsString(all);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }
}
