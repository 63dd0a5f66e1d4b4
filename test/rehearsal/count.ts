/** Results of the readings, counted against the sent ones: a line for each that is lost, counted twice, or unexpected. Pure. */
import type { Expected } from './load.ts'

/** Results after all functions had come to rest. */
export interface RehearsalResults {
  /** The ids of the readings that are in Kafka. One that was sent again is there more than once, and has to be counted once. */
  readonly readings: ReadonlySet<string>
  /** Number of counted readings in the statistics, by sensor. */
  readonly counted: ReadonlyMap<string, number>
  /** The ids of the alerts that fired and resolved, by sensor. An id that is published again counts once. */
  readonly fired: ReadonlyMap<string, ReadonlySet<string>>
  readonly resolved: ReadonlyMap<string, ReadonlySet<string>>
  /** Records that ended as failures, by consumer. */
  readonly failures: ReadonlyMap<string, number>
}

/** Nothing if all is there, and was counted once. */
export function violations({ sensors, readings, alerts }: Expected, found: RehearsalResults): string[] {
  if (sensors.length * readings === 0 || alerts === 0) return ['nothing was sent that could have been lost']
  return [
    ...sensors.flatMap(sensor => missing(sensor, readings, found.readings)),
    ...differences('the statistics have counted', sensors, readings, sensor => found.counted.get(sensor)),
    ...differences('alerts have fired', sensors, alerts, sensor => found.fired.get(sensor)?.size),
    ...differences('alerts have resolved', sensors, alerts, sensor => found.resolved.get(sensor)?.size),
    ...failed(found.failures),
  ]
}

function missing(sensor: string, readings: number, inKafka: RehearsalResults['readings']): string[] {
  const ids = Array.from({ length: readings }, (_, round) => `${sensor}-${round}`)
  return ids.filter(id => !inKafka.has(id)).map(id => `${id}: acknowledged, but not in Kafka`)
}

function differences(
  what: string,
  sensors: readonly string[],
  expected: number,
  count: (sensor: string) => number | undefined,
): string[] {
  return sensors.flatMap(sensor => {
    const found = count(sensor) ?? 0
    return found === expected ? [] : [`${sensor}: ${what} ${found}, and not ${expected}`]
  })
}

function failed(failures: RehearsalResults['failures']): string[] {
  if (failures.size === 0) return ['the failures of no consumer were looked at']
  return [...failures].flatMap(([name, count]) =>
    count > 0 ? [`${name}: ${count} records have failed`] : [],
  )
}
