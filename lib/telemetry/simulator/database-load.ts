/**
 * Simulates the load of a database. The load follows the working day of the users. Memory use increases until the database is
 * restarted.
 */

import { DAY_MS, HOUR_MS } from '../../support/duration.ts'
import type { DatabaseInstance } from './fleet.ts'
import { drift, jitter, uniform } from './noise.ts'
import { diurnal, type Moment, type Observation } from './simulated-time.ts'

/** Time between two restarts, in milliseconds. Memory use increases until a restart. */
const RESTART_MS = 10 * DAY_MS

export function observeDatabase(instance: DatabaseInstance, moment: Moment): Observation {
  const { seed, tick, timeMs } = moment
  const noise = (metric: string) => jitter(seed, instance.id, metric, tick)
  const load = computeLoad(instance, moment)
  const age = (timeMs / RESTART_MS + uniform(seed, instance.id, 'restart')) % 1
  return {
    metrics: {
      cpuUsagePercent: 12 + 50 * load + 4 * noise('cpuUsagePercent'),
      memoryUsagePercent: 45 + 8 * load + 18 * age + 0.5 * noise('memoryUsagePercent'),
      activeConnections: Math.round(instance.connections * (0.1 + 0.6 * load + 0.03 * noise('connections'))),
      // Latency grows faster than load.
      queryLatencyMs: 3 + 22 * load ** 2 + 1.5 * noise('queryLatencyMs'),
      replicationLagSeconds: 0.15 + 0.5 * load + 0.1 * noise('replicationLagSeconds'),
    },
    fields: {
      databaseType: instance.databaseType,
      instanceId: instance.id,
      tenant: instance.tenant,
    },
  }
}

/**
 * Returns the load, from 0 to 1. The load follows the working day with some variation, and has its peak at 14:00. It is lower at
 * weekends.
 */
function computeLoad(instance: DatabaseInstance, { seed, timeMs }: Moment): number {
  const weekday = new Date(timeMs + (instance.longitude / 15) * HOUR_MS).getUTCDay()
  const busy = weekday === 0 || weekday === 6 ? 0.5 : 1
  const day = (busy * (1 + diurnal(timeMs, instance.longitude, 14))) / 2
  const hour = (1 + drift(timeMs / HOUR_MS, seed, instance.id, 'load')) / 2
  return 0.75 * day + 0.25 * hour
}
