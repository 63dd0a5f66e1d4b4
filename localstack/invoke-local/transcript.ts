import { inspect } from 'node:util'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { OutgoingRecord } from '../../packages/runtime/cloudevents/record.ts'
import { entityOf } from '../../packages/runtime/consumer/event.ts'
import type { Decision, StateKey, StoredTimer } from '../../packages/runtime/pipeline/model.ts'

/** Readable transcript of one invocation. It shows the decisions, and the events that would have been published. */
export class Transcript {
  readonly #partitions = new Map<string, string[]>()
  /** Remaining timers of each entity, by partition. */
  readonly #timers = new Map<string, Map<string, readonly StoredTimer[]>>()
  readonly #published: OutgoingRecord[] = []

  decided(stateKey: StateKey, decisions: readonly Decision[]): void {
    for (const decision of decisions) this.note(stateKey, ...decisionLines(decision))
  }

  timersSet(stateKey: StateKey, timers: ReadonlyMap<string, readonly StoredTimer[]>): void {
    const name = nameOf(stateKey)
    this.#timers.set(name, new Map([...(this.#timers.get(name) ?? []), ...timers]))
  }

  published(records: readonly OutgoingRecord[]): void {
    this.#published.push(...records)
  }

  /** Adds lines to the transcript of a partition. */
  note(place: PartitionName, ...lines: readonly string[]): void {
    const name = nameOf(place)
    this.#partitions.set(name, [...(this.#partitions.get(name) ?? []), ...lines])
  }

  /** Formats the whole transcript. Records are in the order in which they would have been published. */
  toString(): string {
    const partitions = [...this.#partitions]
      .sort(byName)
      .flatMap(([name, lines]) => [name, ...[...lines, ...this.#timersOf(name)].map(indented), ''])
    const count = this.#published.length
    const records = `${count} ${count === 1 ? 'record' : 'records'}`
    const heading =
      count === 0 ? 'nothing would have been published' : `would have been published, ${records}:`
    const lines = [HEADING, '', ...partitions, heading, ...this.#published.flatMap(recordLines).map(indented)]
    return `${lines.join('\n')}\n`
  }

  #timersOf(name: string): string[] {
    const set = [...(this.#timers.get(name) ?? [])].filter(([, timers]) => timers.length > 0)
    return set.map(([entity, timers]) => timersLine(entity, timers))
  }
}

type PartitionName = Pick<StateKey, 'topic' | 'partition'>

/** Sorts partitions numerically, because they are processed concurrently. */
function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one.localeCompare(other, 'en', { numeric: true })
}

function nameOf({ topic, partition }: PartitionName): string {
  return `${topic}, partition ${partition}`
}

const HEADING =
  'Invoked with an empty state; nothing was published. SLUICE_LIVE=1 uses the state and topics of the running stack.'

function decisionLines({ offset, outcome, reason, event, failure, timer }: Decision): string[] {
  const what = timer ? `timer ${timer.name} fires` : outcome
  const entity = timer?.entity ?? (event && entityOf(event)) ?? ''
  const place = failure?.place ? ` (${failure.place})` : ''
  return [
    `${String(offset).padStart(6)}  ${what.padEnd(9)}  ${reason.padEnd(16)}  ${entity}`.trimEnd(),
    ...(failure
      ? [`        ${failure.code === reason ? '' : `${failure.code}: `}${failure.message}${place}`]
      : []),
  ]
}

function timersLine(entity: string, timers: readonly StoredTimer[]): string {
  const set = timers.map(({ name, dueMs }) => `${name} at ${new Date(dueMs).toISOString()}`)
  return `        timers set for ${entity}: ${set.join(', ')}`
}

function recordLines(record: OutgoingRecord): string[] {
  const { topic, partition, key } = record
  const event = readEvent(record)
  const where = `→ ${topic}${partition === undefined ? '' : `, partition ${partition}`}`
  const keyed = key === null ? 'no key' : `key ${key}`
  if (isFailure(event))
    return [`${where}  ${keyed}  ${record.value?.length ?? 0} bytes that are not an event`]
  const { type, id, data } = event
  const shown = inspect(data, { depth: null, breakLength: 100, maxStringLength: MAX_TEXT_LENGTH })
  return [`${where}  ${keyed}`, `    ${type}  id ${id}`, ...shown.split('\n').map(line => `    ${line}`)]
}

/** Maximum length of a text in the transcript. Failure records contain the original bytes, which can be long. */
const MAX_TEXT_LENGTH = 200

function indented(line: string): string {
  return `  ${line}`
}

/** Transcript of this process, which handles only one invocation. */
export const transcript = new Transcript()
