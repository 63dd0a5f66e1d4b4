/** Recorded telemetry, its contents according to an independent parser, and the commands that write it to Kafka. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PROJECT } from '#local-servers/testing/program.ts'
import { runSluice } from './sluice.ts'

export interface Observation {
  readonly entity: string
  readonly timeMs: number
  /** Temperature in °C. */
  readonly value: number
}

export interface Recording {
  readonly name: string
  /** Reason why the recording cannot be used; false if it can be used. */
  readonly skip: string | false
  /** Returns the file of the stream, after writing it if necessary. @param folder folder for new files */
  stream(folder: string): Promise<string>
  observations(): Promise<Observation[]>
}

const OFFICE = join(PROJECT, '..', 'shared', 'data', 'nab', 'ambient_temperature_system_failure.csv')
const HEATWAVE = join(PROJECT, 'events', 'streams', 'heatwave.jsonl')

const OFFICE_MAPPING = `family: environment
time: { from: timestamp, timeZone: UTC }
fields:
  sensorId: { constant: office }
  location.site: { constant: nab }
  location.latitude: { constant: 0 }
  location.longitude: { constant: 0 }
  temperature: { from: value, as: number, unit: F }
`

/** One year of office temperatures in °F, from the Numenta Anomaly Benchmark, which is not part of this project. */
const office: Recording = {
  name: 'a year of office temperatures',
  skip: !existsSync(OFFICE) && 'the recorded file is not next to the project',
  async stream(folder) {
    const file = join(folder, 'office.jsonl')
    // Not beside the rules, which the functions read from the folder.
    const mapping = join(folder, 'mappings', 'office.yaml')
    await mkdir(dirname(mapping), { recursive: true })
    await writeFile(mapping, OFFICE_MAPPING)
    const { code, stdout, output } = await runSluice(['import', OFFICE, '--mapping', mapping])
    assert.equal(code, 0, output)
    await writeFile(file, stdout)
    return file
  },
  async observations() {
    const [, ...rows] = (await readFile(OFFICE, 'utf8')).trim().split('\n')
    return rows.map(row => {
      const [timestamp = '', fahrenheit = ''] = row.split(',')
      const value = ((Number(fahrenheit) - 32) * 5) / 9
      return { entity: '/environment/nab office', timeMs: Date.parse(`${timestamp}Z`), value }
    })
  },
}

const heatwave: Recording = {
  name: 'a heatwave of three sensors',
  skip: false,
  stream: async () => HEATWAVE,
  async observations() {
    const lines = (await readFile(HEATWAVE, 'utf8')).trim().split('\n')
    return lines.map(line => {
      const { source, subject, time, data } = JSON.parse(line)
      return { entity: `${source} ${subject}`, timeMs: Date.parse(time), value: data.temperature }
    })
  },
}

export const RECORDINGS: readonly Recording[] = [office, heatwave]

export interface Counted {
  readonly fired: number
  readonly resolved: number
  /** Statistics by entity. */
  readonly statistics: ReadonlyMap<string, { count: number; minimum: number; maximum: number; mean: number }>
}

/** Counts the expected results in the simplest way: an alert fires above the threshold, and resolves at or below it. */
export function countedByHand(observations: readonly Observation[], threshold: number): Counted {
  let fired = 0
  let resolved = 0
  const statistics = new Map<string, { count: number; minimum: number; maximum: number; mean: number }>()
  for (const [entity, own] of Map.groupBy(observations, observation => observation.entity)) {
    const values = own.map(({ value }) => value)
    const sum = values.reduce((total, value) => total + value, 0)
    const [minimum, maximum] = [Math.min(...values), Math.max(...values)]
    statistics.set(entity, { count: own.length, minimum, maximum, mean: sum / own.length })
    const inTime = own.filter(({ timeMs }, index) =>
      own.slice(0, index).every(before => before.timeMs <= timeMs),
    )
    let firing = false
    for (const { value } of inTime) {
      if (value > threshold && !firing) fired++
      if (value <= threshold && firing) resolved++
      firing = value > threshold
    }
  }
  return { fired, resolved, statistics }
}
