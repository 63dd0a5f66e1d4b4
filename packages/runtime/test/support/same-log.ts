/** Checks that the same log always leads to the same results, by comparing a disturbed run with an undisturbed one. */
import { isDeepStrictEqual } from 'node:util'
import type { LogRecord } from '../../cloudevents/record.ts'
import type { Event } from '../../consumer/event.ts'
import { failureId } from '../../consumer/failure-event.ts'
import type { Parking } from '../../consumer/parking.ts'
import type { Consumer } from '../../pipeline/consumer.ts'
import { computeProducerGroup } from '../../pipeline/model/failure-memory.ts'
import { measureStoredHold } from '../../pipeline/model/hold.ts'
import type { LogReader, StateStore } from '../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../../testing/empty-selection.ts'
import { MemoryLogBounds } from '../../testing/memory-log-bounds.ts'
import { MemoryLogReader } from '../../testing/memory-log-reader.ts'
import { Random } from '../../testing/random.ts'
import { type Codes, type Forgetting, Schedule } from './schedule.ts'
import { Stage } from './stage.ts'
import { WATCHED, WATCHED_ID_WINDOW_MS, watchedLog } from './watched-log.ts'
import { WATCHING } from './watching.ts'

/** Number of schedules in a complete run. */
export const SEEDS = Number(process.env.SEEDS ?? 150)

/** Probability that a record marks a failure as ended, for processes with parking. */
const ENDED = 0.05

export interface Setting {
  /** False if every chunk is loaded; by default, instances keep states. */
  readonly keeps?: boolean
  /** Checks a run that has ended without violations. Returns further violations. */
  readonly after?: (end: End) => Promise<string[]>
}

/** State at the end of a run. */
export interface End {
  readonly log: readonly LogRecord[]
  /** Consumer that was the last to process records, and the version of its code. */
  readonly consumer: Consumer
  readonly codeVersion: 'before' | 'after'
  /** First offset that the log still contains. */
  readonly logStart: number
}

/**
 * Plays a run and returns its differences from the reference. The result should be empty.
 *
 * @param parking parking settings of the process; by default, the process does not park
 */
export async function violations(
  seed: number,
  setting: (stage: Stage) => Setting = () => ({}),
  parking?: Parking,
): Promise<string[]> {
  const random = new Random(seed)
  const log = watchedLog(random, random.between(20, 70), parking ? ENDED : 0)
  // In half of the runs, new code is deployed at some offset.
  const changeAt = random.chance(0.5) ? random.pick(log).offset : Number.POSITIVE_INFINITY
  const reference = await undisturbed(log, changeAt, parking)
  const played = stage(parking)
  const { store, forgetting } = memory(played)
  const { after, keeps = true } = setting(played)
  const { reader, expire, startOffset } = expiring(log, random)
  const ports = { ...played.ports, store, log: reader, bounds: new MemoryLogBounds(log) }
  // In half of the runs, states are passed on as values; in the reference, each step parses its state.
  const codes = createCodes(played, changeAt, parking, seed % 2 === 0 ? { neverChangesState: true } : {})
  const schedule = new Schedule({
    log,
    codes,
    stateKey: played.stateKey(),
    ports,
    forgetting,
    expire,
    random,
    keeps,
  })
  const found = await schedule.run().then(
    () => [],
    (error: Error) => [error.message],
  )
  if (found.length > 0) return found
  const codeVersion = changeAt > (log.at(-1) as LogRecord).offset ? 'before' : 'after'
  return [
    ...differences(
      reference,
      await contents(reference, reference.store, log),
      played.events,
      await contents(played, store, log),
    ),
    ...((await after?.({ log, consumer: codes[codeVersion], codeVersion, logStart: startOffset() })) ?? []),
  ]
}

/** Maximum number of new entities. It is low, so that some entities are rejected until others are dropped or time has passed. */
const MAX_NEW = 3

/** Returns the reference results. The log is processed in one batch, or in two if the code changes. */
async function undisturbed(
  log: readonly LogRecord[],
  changeAt: number,
  parking: Parking | undefined,
): Promise<Stage> {
  const reference = stage(parking)
  reference.inLog(log)
  const { before, after } = createCodes(reference, changeAt, parking)
  const breaker = { open: async () => Number.NEGATIVE_INFINITY }
  for (const [consumer, isIts] of [
    [before, ({ offset }: LogRecord) => offset < changeAt],
    [after, ({ offset }: LogRecord) => offset >= changeAt],
  ] as const) {
    reference.consumer = consumer
    const records = log.filter(isIts)
    if (records.length > 0) await reference.batch(records, { ports: { breaker } })
  }
  return reference
}

function stage(parking: Parking | undefined): Stage {
  const made = new Stage(parked(WATCHING.before, parking) as never)
  // No limit with parking: if entities were rejected, hardly any would be held for a retry.
  const bound = parking ? {} : { newEntities: MAX_NEW }
  made.consumer = { ...made.consumer, idWindowMs: WATCHED_ID_WINDOW_MS, ...bound }
  return made
}

function parked(process: object, parking: Parking | undefined): object {
  return parking ? { ...process, parking } : process
}

function createCodes(
  { consumer }: Stage,
  changeAt: number,
  parking: Parking | undefined,
  settings: { readonly neverChangesState?: true } = {},
): Codes {
  const of = (process: object) => ({
    ...consumer,
    process: { ...parked(process, parking), ...settings } as typeof consumer.process,
  })
  return { before: of(WATCHING.before), after: of(WATCHING.after), changeAt }
}

function memory(played: Stage) {
  const stateKey = played.stateKey()
  const forgetting: Forgetting = {
    copy: async () => played.store.copyState(stateKey),
    restore: async copy => played.store.restore(stateKey, copy),
  }
  return { store: played.store as StateStore, forgetting }
}

/** Returns a log that delivers a few records per fetch, and only records that have not expired. */
function expiring(log: readonly LogRecord[], random: Random) {
  let startOffset = 0
  const reader: LogReader = {
    read(...where) {
      const kept = log.filter(({ offset }) => offset >= startOffset)
      return new MemoryLogReader(kept, random.between(1, 30)).read(...where)
    },
  }
  const expire = (beforeOffset: number) => {
    startOffset = Math.max(startOffset, beforeOffset)
  }
  return { reader, expire, startOffset: () => startOffset }
}

/** Returns all stored contents from which the consumer could continue. */
async function contents(of: Stage, store: StateStore, log: readonly LogRecord[]) {
  const stateKey = of.stateKey()
  const failures = log.map(record => ({
    id: failureId(stateKey.consumer, record),
    producerGroup: computeProducerGroup(record),
  }))
  const wanted = { ...EMPTY_SELECTION, entities: WATCHED, failures, contexts: [] }
  const loaded = await store.load(stateKey, wanted)
  return {
    appliedOffset: loaded.version.appliedOffset,
    clock: loaded.clock,
    parkedBytes: loaded.parkedBytes,
    newEntities: loaded.newEntities,
    states: sorted(loaded.states),
    timers: sorted(loaded.timers),
    failures: sorted(loaded.failures),
    context: loaded.context,
  }
}

function computeSum(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0)
}

function sorted<T>(map: ReadonlyMap<string, T>): Map<string, T> {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)))
}

type Contents = Awaited<ReturnType<typeof contents>>

function differences(
  reference: Stage,
  expected: Contents,
  events: readonly Event[],
  actual: Contents,
): string[] {
  const nameOf = listNames(reference)
  const firstCopies = new Map(events.map(event => [nameOf(event), event]))
  const emissions = reference.events
  const wanted = new Map(emissions.map(event => [nameOf(event), event]))
  const found: string[] = []
  if (wanted.size < emissions.length) found.push('one id, two emissions')
  const lost = [...wanted.keys()].filter(name => !firstCopies.has(name))
  if (lost.length > 0) found.push(`${lost.length} lost`)
  const extra = events.filter(event => !isDeepStrictEqual(event, wanted.get(nameOf(event))))
  if (extra.length > 0) found.push(`${extra.length} not in the reference`)
  if (found.length === 0 && !isDeepStrictEqual([...wanted.keys()], [...firstCopies.keys()]))
    found.push('order')
  const { states, parkedBytes } = actual
  if (parkedBytes !== computeSum([...states.values()].map(measureStoredHold)))
    found.push('bytes of what is parked')
  if (!isDeepStrictEqual(actual, expected)) found.push('states, timers, failures or clock')
  return found
}

/**
 * Returns unique names for emissions, normally their ids. If an event is repeated after its id was dropped, it is applied again,
 * and its emissions get the same ids as before. In such logs, sequences distinguish the emissions.
 */
function listNames({ observer }: Stage): (event: Event) => string {
  const applied = observer.decisions.filter(
    ({ outcome }) => outcome === 'applied' || outcome === 'parked-applied',
  )
  const isAgain = new Set(applied.map(({ event }) => event?.id)).size < applied.length
  return ({ id, extensions }) => (isAgain ? `${id} ${extensions?.sequence}` : id)
}
