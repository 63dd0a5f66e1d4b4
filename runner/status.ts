/** Status of event sources: readiness of the process, and stalled partitions. */
import type { Report } from '../packages/msk-trigger/engine.ts'
import type { Metrics } from './metrics/metrics.ts'

const STALLED = 'sluice_runner_stalled_partitions'
const STALLED_HELP = 'Stalled partitions by obstacle. 1 for a whole topic.'
const DISCARDED = 'sluice_runner_discarded_records_total'
const DISCARDED_HELP = 'Discarded records. Only records that are too large for any event are discarded.'
const JOINED = 'sluice_runner_joined'
const JOINED_HELP = '1 once the event source has joined its consumer group.'

/** An event source in a report of the trigger. */
interface Source {
  readonly functionKey: string
  readonly topic: string
  readonly joined: Promise<void>
}

export class Status {
  readonly #metrics: Metrics
  /** Descriptions of event sources that have not joined yet. */
  readonly #joining = new Set<string>()
  /** Stalled partitions by function, topic and obstacle; `all` if all partitions of a topic have stalled. */
  readonly #stalled = new Map<string, Set<string>>()
  #isStarted = false
  #isStopping = false

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  /** Notes that the event sources start to read. */
  starts(sources: readonly Source[]): void {
    this.#isStarted = true
    for (const { functionKey, topic, joined } of sources) {
      const name = `${functionKey} ← ${topic}`
      const labels = { function: functionKey, topic }
      this.#joining.add(name)
      this.#metrics.set(JOINED, JOINED_HELP, labels, 0)
      void joined.then(() => {
        this.#joining.delete(name)
        this.#metrics.set(JOINED, JOINED_HELP, labels, 1)
      })
    }
  }

  stops(): void {
    this.#isStopping = true
  }

  /** Handles a report of the trigger. @param line JSON of the report */
  reported(line: string): void {
    const report: Report = JSON.parse(line)
    if (report.report === 'stalled')
      for (const scope of Object.keys(report.offsets ?? { all: 0 })) this.#stalls(report, scope)
    else if (report.report === 'resumed')
      for (const scope of report.partitions?.map(String) ?? ['all']) this.#resumes(report, scope)
    else if (report.report === 'discarded') {
      const { function: name, topic, records } = report
      this.#metrics.count(DISCARDED, DISCARDED_HELP, { function: name, topic }, records)
    }
  }

  /** Returns the reasons why the process is not ready, one line each; empty if it is ready. Never contains data of records. */
  get notReady(): readonly string[] {
    if (!this.#isStarted) return ['it is starting']
    if (this.#isStopping) return ['it is stopping']
    const unread = [...this.#stalled]
      .map(([key, scopes]) => ({ place: placeIn(key), scopes }))
      .filter(({ place, scopes }) => place.obstacle === 'reading' && scopes.size > 0)
      .map(({ place }) => `${place.function} ← ${place.topic} cannot be read`)
    return [...[...this.#joining].map(name => `${name} has not joined its group`), ...unread]
  }

  #stalls(place: StalledPlace, scope: string): void {
    const key = keyOf(place)
    const scopes = this.#stalled.get(key) ?? new Set()
    this.#stalled.set(key, scopes.add(scope))
    this.#show(place, scopes.size)
  }

  #resumes(place: StalledPlace, scope: string): void {
    const scopes = this.#stalled.get(keyOf(place))
    if (scopes?.delete(scope)) this.#show(place, scopes.size)
  }

  #show({ function: name, topic, obstacle }: StalledPlace, count: number): void {
    this.#metrics.set(STALLED, STALLED_HELP, { function: name, topic, obstacle }, count)
  }
}

interface StalledPlace {
  readonly function: string
  readonly topic: string
  readonly obstacle: string
}

function keyOf({ function: name, topic, obstacle }: StalledPlace): string {
  return JSON.stringify([name, topic, obstacle])
}

function placeIn(key: string): StalledPlace {
  const [name, topic, obstacle] = JSON.parse(key)
  return { function: name, topic, obstacle }
}
