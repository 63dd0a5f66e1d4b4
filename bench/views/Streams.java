import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.QueryableStoreTypes;

/**
 * The tables of the benchmark in Kafka Streams: count, sum, minimum and maximum of a field by device, in windows of a minute or without
 * windows. Answers with the number of readings in its table.
 */
public class Streams {
  record Stats(long count, double sum, double min, double max) {
    static final Stats EMPTY = new Stats(0, 0, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);

    Stats add(double x) {
      return new Stats(count + 1, sum + x, Math.min(min, x), Math.max(max, x));
    }

    byte[] bytes() {
      return ByteBuffer.allocate(32).putLong(count).putDouble(sum).putDouble(min).putDouble(max).array();
    }

    static Stats of(byte[] bytes) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      return new Stats(buffer.getLong(), buffer.getDouble(), buffer.getDouble(), buffer.getDouble());
    }
  }

  static final ObjectMapper JSON = new ObjectMapper();
  static final Serde<Stats> STATS =
      Serdes.serdeFrom((topic, stats) -> stats == null ? null : stats.bytes(),
          (topic, bytes) -> bytes == null ? null : Stats.of(bytes));

  public static void main(String[] arguments) throws InterruptedException {
    String topic = arguments[1], changes = arguments[2];
    boolean hasWindows = arguments[4].equals("windows");
    StreamsBuilder builder = new StreamsBuilder();
    KGroupedStream<String, Double> readings =
        builder.stream(topic, Consumed.with(Serdes.String(), Serdes.ByteArray()).withTimestampExtractor(new EventTime()))
            .mapValues(Streams::x)
            .filter((device, x) -> x != null)
            .groupByKey(Grouped.with(Serdes.String(), Serdes.Double()));
    if (hasWindows)
      readings.windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMinutes(1), Duration.ofSeconds(30)))
          .aggregate(() -> Stats.EMPTY, (device, x, stats) -> stats.add(x), Materialized.<String, Stats,
              org.apache.kafka.streams.state.WindowStore<org.apache.kafka.common.utils.Bytes, byte[]>>as("table")
              .withKeySerde(Serdes.String()).withValueSerde(STATS))
          .toStream((window, stats) -> window.key() + "@" + window.window().start())
          .to(changes, Produced.with(Serdes.String(), STATS));
    else
      readings.aggregate(() -> Stats.EMPTY, (device, x, stats) -> stats.add(x), Materialized.<String, Stats,
              org.apache.kafka.streams.state.KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]>>as("table")
              .withKeySerde(Serdes.String()).withValueSerde(STATS))
          .toStream()
          .to(changes, Produced.with(Serdes.String(), STATS));

    StreamsProgram.run(arguments, builder.build(), streams -> total(streams, hasWindows));
  }

  static Double x(byte[] value) {
    try {
      JsonNode x = JSON.readTree(value).get("x");
      return x == null || !x.isNumber() ? null : x.doubleValue();
    } catch (IOException notJson) {
      return null;
    }
  }

  /** The time of the event, as CloudEvents has it. */
  static class EventTime implements org.apache.kafka.streams.processor.TimestampExtractor {
    @Override
    public long extract(org.apache.kafka.clients.consumer.ConsumerRecord<Object, Object> record, long partitionTime) {
      return java.time.Instant.parse(new String(record.headers().lastHeader("ce_time").value())).toEpochMilli();
    }
  }

  static long total(KafkaStreams streams, boolean hasWindows) {
    long[] sum = {0};
    if (hasWindows)
      try (var rows = streams.store(StoreQueryParameters.fromNameAndType("table",
          QueryableStoreTypes.<String, Stats>windowStore())).all()) {
        rows.forEachRemaining(row -> sum[0] += row.value.count());
      }
    else
      try (var rows = streams.store(StoreQueryParameters.fromNameAndType("table",
          QueryableStoreTypes.<String, Stats>keyValueStore())).all()) {
        for (; rows.hasNext();) {
          KeyValue<String, Stats> row = rows.next();
          sum[0] += row.value.count();
        }
      }
    return sum[0];
  }
}
