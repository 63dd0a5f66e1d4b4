import java.time.Duration;
import java.util.Properties;
import java.util.Scanner;
import java.util.function.Function;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;

/** The common part of the programs in Kafka Streams. Their arguments are broker, topic, topic of results, folder, their own one, and settings. */
final class StreamsProgram {
  /**
   * Runs a topology with one thread until the input ends, and answers each line of it with one line. State is in RocksDB, with a changelog,
   * and results and offsets are committed in one transaction.
   */
  static void run(String[] arguments, Topology topology, Function<KafkaStreams, Object> answer) throws InterruptedException {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "streams-" + arguments[1]);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[3]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put("auto.offset.reset", "earliest");
    for (int i = 5; i < arguments.length; i++) {
      String[] setting = arguments[i].split("=", 2);
      settings.put(setting[0], setting[1]);
    }
    KafkaStreams streams = new KafkaStreams(topology, settings);
    streams.setStateListener((now, before) -> System.out.println("state " + now));
    streams.start();
    Scanner lines = new Scanner(System.in);
    while (lines.hasNextLine()) {
      lines.nextLine();
      // State cannot be read while partitions are assigned or restored.
      while (streams.state() != KafkaStreams.State.RUNNING) Thread.sleep(20);
      System.out.println("answer " + answer.apply(streams));
    }
    streams.close(Duration.ofSeconds(20));
  }
}
