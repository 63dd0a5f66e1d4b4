/**
 * Simulates the weather at an environment sensor. All sensors of a site have the same weather, and differ by calibration and noise.
 * Even in the most extreme weather, values stay within the packaged alert thresholds, so that only anomalies fire alerts.
 */

import { DAY_MS, HOUR_MS } from '../../support/duration.ts'
import type { EnvironmentSensor } from './fleet.ts'
import { drift, jitter, uniform } from './noise.ts'
import { diurnal, type Moment, type Observation } from './simulated-time.ts'

const YEAR_MS = 365.25 * DAY_MS
/**
 * Warmest time of the year, as a share of the year. It is late July in the northern hemisphere, and half a year later in the
 * southern hemisphere.
 */
const WARMEST = 0.55
/** Duration of the transition from one type of weather to the next, in milliseconds. */
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
      // Warm air can contain more water, so the relative humidity decreases when the air becomes warmer.
      humidity: (site.humidity ?? 62) - 13 * warmth - 5 * front + 2 * bias + 1.5 * noise('humidity'),
      // Air pressure is reduced to sea level, as weather services report it.
      pressure: 1013 + 13 * front + 0.5 * bias + 0.3 * noise('pressure'),
      // Low pressure and warm parts of the day both increase the wind speed.
      windSpeed: 17 - 9 * front + 3 * warmth + 4 * noise('windSpeed'),
    },
    fields: {
      sensorId: sensor.id,
      location: { site: site.site, latitude: site.latitude, longitude: site.longitude },
      status: computeStatus(sensor, moment),
      tags: { tenant: sensor.tenant },
    },
  }
}

/** Returns the status of a sensor. Sometimes a sensor reports the status `degraded` for an hour. */
function computeStatus(sensor: EnvironmentSensor, { seed, timeMs }: Moment): 'ok' | 'degraded' {
  return uniform(seed, sensor.id, 'status', Math.floor(timeMs / HOUR_MS)) < 0.02 ? 'degraded' : 'ok'
}
