/** Reads the log of a consumer without any disturbance, and compares what came of it with what came of a schedule. */
import { isDeepStrictEqual } from 'node:util'
import type { MemoryState } from '../../adapters/memory/memory-state.ts'
import { MemoryStateStore } from '../../adapters/memory/state-store.ts'
import type { LogRecord, OutgoingRecord } from '../../cloudevents/record.ts'
import type { Event } from '../../consumer/event.ts'
import { consume } from '../../pipeline/consume.ts'
import type { Consumer } from '../../pipeline/consumer.ts'
import { LatestDecisions } from '../../pipeline/failures/failure-surge.ts'
import { LogChecks } from '../../pipeline/log/log-identity.ts'
import type { Decision } from '../../pipeline/model/decision.ts'
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { Ports } from '../../pipeline/ports.ts'
import { readEmittedEvent } from '../consumer-kit.ts'
import { MemoryPublisher } from '../memory-publisher.ts'
import { kafkaEvent } from '../records.ts'
import type { Group } from './group.ts'
import type { SimulatedLog } from './simulated-log.ts'

/** How a schedule differs from an undisturbed run. */
export type DifferenceKind = 'lost' | 'twice' | 'out of order' | 'other state' | 'stands still'

export interface Difference {
  readonly kind: DifferenceKind
  readonly what: string
}

/** What came of an undisturbed run over one partition. */
export interface Undisturbed {
  readonly state: MemoryState
  readonly events: readonly Event[]
  readonly decisions: readonly Decision[]
}

/** Versions of the code, with the first offset that each of them decides. */
interface Codes {
  readonly codes: readonly Consumer[]
  readonly codeFrom: readonly number[]
}

/** Applies the records of a partition in one batch for each version of the code. @throws Error if a record waits */
export async function runUndisturbed(
  log: Pick<Ports, 'log' | 'bounds'>,
  stateKey: StateKey,
  records: readonly LogRecord[],
  { codes, codeFrom }: Codes,
): Promise<Undisturbed> {
  const store = new MemoryStateStore()
  const publisher = new MemoryPublisher(
    topic => codes[0]?.application.topicNamed(topic)?.maxMessageBytes ?? Infinity,
  )
  const decisions: Decision[] = []
  for (const [index, code] of codes.entries()) {
    const [from, to] = [codeFrom[index] ?? Infinity, codeFrom[index + 1] ?? Infinity]
    const own = records.filter(({ offset }) => offset >= from && offset < to)
    if (own.length === 0) continue
    const ports: Ports = {
      ...{ ...log, store, publisher },
      breaker: { open: async () => Number.NEGATIVE_INFINITY },
      report(report) {
        if (report.kind === 'decisions') decisions.push(...report.decisions)
        if (report.kind === 'deferred')
          throw new Error(`a record waits: ${report.reason}`, { cause: report.error })
      },
    }
    await consume(code, ports, kafkaEvent(own), {
      remainingMs: () => Number.POSITIVE_INFINITY,
      partialResponses: true,
      nowMs: () => 0,
      pause: async () => {},
      codeVersion: () => `v${index}`,
      latest: new LatestDecisions(),
      logChecks: new LogChecks(),
    })
  }
  const state = store.copyState(stateKey) as MemoryState
  return { state, events: publisher.publishedRecords.map(readPublished), decisions }
}

/** Compares a consumer after a schedule with undisturbed runs over the same log. */
export async function compareWithUndisturbed(
  group: Pick<Group, 'name' | 'codes' | 'partitions' | 'published'>,
  log: SimulatedLog,
  store: MemoryStateStore,
): Promise<readonly Difference[]> {
  const published = group.published.map(readPublished)
  const expected = new Map<string, Event>()
  const found: Difference[] = []
  for (const own of group.partitions) {
    const records = log.all(own.topic, own.partition)
    const { codes } = group
    const { idWindowMs } = codes.at(-1) ?? codes[0]
    const run = await runUndisturbed(log.whole, own, records, { codes, codeFrom: own.codeFrom })
    for (const event of run.events) expected.set(nameEvent(event), event)
    const place = `${group.name} ${own.topic}/${own.partition}`
    found.push(
      ...compareEvents(run.events, published, place),
      ...compareStates(run.state, store.copyState(own) as MemoryState, place, idWindowMs),
    )
  }
  const extra = published.filter(event => !isDeepStrictEqual(expected.get(nameEvent(event)), event))
  return [...found, ...extra.map(event => describeExtra(event, [...expected.values()], group.name))]
}

function compareEvents(
  expected: readonly Event[],
  published: readonly Event[],
  place: string,
): readonly Difference[] {
  const names = expected.map(nameEvent)
  const known = new Set(names)
  const firstCopies = [...new Set(published.map(nameEvent).filter(name => known.has(name)))]
  const lost = names.filter(name => !firstCopies.includes(name))
  if (lost.length > 0) return lost.map(name => ({ kind: 'lost', what: `${place} did not publish ${name}` }))
  const at = firstCopies.findIndex((name, index) => name !== names[index])
  if (at < 0) return []
  return [{ kind: 'out of order', what: `${place} published ${firstCopies[at]} before ${names[at]}` }]
}

/** Parts of a state from which its consumer goes on. */
const PARTS = [
  ...(['clock', 'states', 'timers', 'ids', 'failures', 'context'] as const),
  ...(['newEntities', 'parkedBytes', 'sequences'] as const),
]

function compareStates(
  expected: MemoryState,
  actual: MemoryState,
  place: string,
  idWindowMs: number,
): readonly Difference[] {
  const { appliedOffset } = expected.version
  // A commit leaves some ids that are out of their window, depending on the chunks before it.
  const listParts = ({ ids, ...state }: MemoryState) => ({
    ...state,
    ids: new Map([...ids].filter(([, { appliedAtMs }]) => state.clock.nowMs - appliedAtMs <= idWindowMs)),
  })
  const [wanted, given] = [listParts(expected), listParts(actual)]
  const found = PARTS.flatMap(part => {
    const different = findDifferent(wanted[part], given[part])
    return different === undefined ? [] : [`${part}${different}`]
  })
  if (actual.version.appliedOffset < appliedOffset)
    found.unshift(`applied up to ${actual.version.appliedOffset}`)
  return found.map(what => ({ kind: 'other state', what: `${place}: ${what}` }))
}

/** Returns the first entry that differs, as text; an empty text if the whole differs, and undefined if nothing does. */
function findDifferent(expected: unknown, actual: unknown): string | undefined {
  if (isDeepStrictEqual(expected, actual)) return undefined
  if (!(expected instanceof Map && actual instanceof Map))
    return ` ${show(actual)} instead of ${show(expected)}`
  for (const name of new Set([...expected.keys(), ...actual.keys()])) {
    const [wanted, found] = [expected.get(name), actual.get(name)]
    if (!isDeepStrictEqual(wanted, found)) return ` of ${name}: ${show(found)} instead of ${show(wanted)}`
  }
  // The maps have the same entries in another order, which is no part of a state.
  return undefined
}

function show(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value)
}

/** An event that the log does not give: one that was published before under another id, or another one. */
function describeExtra(event: Event, expected: readonly Event[], name: string): Difference {
  const isSame = ({ type, subject, data }: Event) =>
    type === event.type && subject === event.subject && isDeepStrictEqual(data, event.data)
  const what = `${name} published ${nameEvent(event)}: ${show(event.data)}, which its log does not give`
  return { kind: expected.some(isSame) ? 'twice' : 'other state', what }
}

/** Returns the unique name of an event. If an id is applied again after its window, only the sequence differs. */
function nameEvent({ id, type, extensions }: Event): string {
  const { sequence } = extensions ?? {}
  return `${type} ${id}${sequence === undefined ? '' : ` (${sequence})`}`
}

/** Returns the event of a record, with its place in Kafka. */
function readPublished(record: OutgoingRecord): Event {
  const { topic, partition, key } = record
  return Object.assign(readEmittedEvent(record), { place: [topic, partition, key?.toString()] })
}
