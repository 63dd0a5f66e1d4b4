/**
 * The weather at an environment sensor. Sensors of one site share it, and differ by calibration and noise. Even the most
 * extreme sum of these terms stays within the shipped alert thresholds, so only anomalies fire alerts.
 */
import type { EnvironmentSensor } from './fleet.ts'
import { DAY_MS, diurnal, HOUR_MS, type Moment, type Observation } from './moment.ts'
import { drift, jitter, uniform } from './noise.ts'

const YEAR_MS = 365.25 * DAY_MS
/** The warmest time as a share of the year: late July in the north, half a year later in the south. */
const WARMEST = 0.55
/** A front takes a day and a half from one kind of weather to the next. */
const FRONT_MS = 1.5 * DAY_MS

export function observeWeather(sensor: EnvironmentSensor, moment: Moment): Observation {
  const { site } = sensor
  const { seed, timeMs } = moment
  const noise = (metric: string) => jitter(seed, sensor.id, metric, moment.tick)
  const bias = jitter(seed, sensor.id, 'calibration')
  const front = drift(timeMs / FRONT_MS, seed, site.site, 'front')
  const warmth = diurnal(timeMs, site.longitude, 15)
  const season = Math.sign(site.latitude) * Math.cos((timeMs / YEAR_MS - WARMEST) * 2 * Math.PI)
  return {
    metrics: {
      temperature:
        site.mean +
        site.yearly * season +
        site.daily * warmth +
        1.5 * front +
        0.4 * bias +
        0.3 * noise('temperature'),
      // Warm air can hold more water, so the relative humidity falls as it warms up.
      humidity: 62 - 13 * warmth - 5 * front + 2 * bias + 1.5 * noise('humidity'),
      // Reduced to sea level, as weather services report it.
      pressure: 1013 + 13 * front + 0.5 * bias + 0.3 * noise('pressure'),
      // Low pressure brings wind, and so does the warm part of the day.
      windSpeed: 17 - 9 * front + 3 * warmth + 4 * noise('windSpeed'),
    },
    fields: {
      sensorId: sensor.id,
      location: { site: site.site, latitude: site.latitude, longitude: site.longitude },
      status: statusOf(sensor, moment),
      tags: { tenant: sensor.tenant },
    },
  }
}

/** A sensor occasionally reports itself as degraded for an hour. */
function statusOf(sensor: EnvironmentSensor, { seed, timeMs }: Moment): 'ok' | 'degraded' {
  return uniform(seed, sensor.id, 'status', Math.floor(timeMs / HOUR_MS)) < 0.02 ? 'degraded' : 'ok'
}
