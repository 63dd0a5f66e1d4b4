package com.example.telemetry;

import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/** Simulated readings of three sensors. */
final class Readings {
  private static final List<String> SENSORS = List.of("roof", "cellar", "café");

  private Readings() {}

  /** This many readings, a second apart. */
  static List<CloudEvent> of(int count, String site) {
    OffsetDateTime now = OffsetDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.MILLIS);
    return IntStream.range(0, count)
        .mapToObj(n -> reading(SENSORS.get(n % SENSORS.size()), site, now.minusSeconds(count - n)))
        .toList();
  }

  private static CloudEvent reading(String sensor, String site, OffsetDateTime time) {
    double temperature = ThreadLocalRandom.current().nextInt(150, 250) / 10.0;
    // Use a JSON library for data that is not as simple as this.
    String data = String.format(Locale.ROOT,
        "{\"sensorId\":\"%s\",\"temperature\":%.1f,\"location\":{\"site\":\"%s\",\"latitude\":47.37,\"longitude\":8.54}}",
        sensor, temperature, site);
    return CloudEventBuilder.v1()
        // Derived from the reading, so that sending it twice gives the same id, and Sluice drops the repeat.
        .withId(sensor + "@" + time)
        .withSource(URI.create("/environment/" + site))
        .withType("io.sluice.environment.reading.v1")
        .withSubject(sensor)
        .withTime(time)
        .withDataSchema(URI.create("https://sluice.io/schemas/environment.reading.v1.json"))
        .withData("application/json", data.getBytes(StandardCharsets.UTF_8))
        .build();
  }
}
