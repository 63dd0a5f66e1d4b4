/**
 * Follows a log of another application, which can be deleted and created again at any time. The records of the new log have the same
 * offsets as those of the old one, so nothing of the state may be used for them. A delivered record does not show which log it is
 * from, because pollers keep what they have fetched. Until a whole batch was equal to the log, delivered records only show how far
 * to read, and the records are taken from the log itself. The steps of a chunk do not differ from those of other logs.
 */
import { withLogTime } from '../cloudevents/log-time.ts'
import type { LogRecord } from '../cloudevents/record.ts'
import { omitUndefined } from '../consumer/omit-undefined.ts'
import type { Consumer } from './consumer.ts'
import { Unavailable } from './errors.ts'
import type { PartitionRun } from './invocation.ts'
import { loadPosition } from './loading/load.ts'
import { PendingRecords } from './log/pending-records.ts'
import type { End } from './model/chunk.ts'
import { computeDigest } from './model/fingerprint.ts'
import { formatLog, type LogIdentity, type ReadRange } from './model/log.ts'
import { formatStateKey, type Version } from './model/partition-state.ts'
import { formatOrigin } from './outbox/position.ts'
import type { StateStore } from './ports.ts'
import { publishOutbox } from './publish.ts'
import type { StatesPort } from './replacing/replaceable-states.ts'
import type { ChunkSteps } from './steps.ts'

type Batch = Pick<PartitionRun, 'consumer' | 'invocation' | 'stateKey'> & {
  readonly ports: PartitionRun['ports'] & StatesPort
}

/**
 * Returns the ports, the records and the steps of a batch of such a log.
 *
 * @throws Unavailable if Kafka cannot be reached
 */
export async function followLog(batch: Batch, records: readonly LogRecord[]) {
  const { consumer, ports, stateKey, invocation } = batch
  const { confirmed } = invocation.logChecks
  const name = formatStateKey(stateKey)
  const known = confirmed.get(name)
  // A batch that has to wait is compared when it is delivered again.
  confirmed.delete(name)
  const identity = await ports.log.identity(stateKey.topic)
  const log = identity && formatLog(identity)
  const added = { readAtMs: invocation.nowMs(), ...omitUndefined({ log }) }
  const place = (record: LogRecord) => ({ ...withLogTime(record, consumer.logTime), ...added })
  const pending = new ForeignRecords(records, consumer, place, known === log)
  return {
    ports: createPorts(batch, identity),
    pending,
    /** Returns steps that read on in the log when no record is pending. */
    around(steps: ChunkSteps): ChunkSteps {
      return (run, chunk) => (chunk.records.length > 0 ? steps(run, chunk) : readOn(run, pending))
    },
    /** Called once the batch is decided. The next one is not compared if this one was equal to the log. */
    confirm(): void {
      if (log !== undefined && pending.isEqual) confirmed.set(name, log)
    },
  }
}

/** Delivered records of a log that is known, or else records of the log instead of those that were delivered. */
class ForeignRecords extends PendingRecords {
  /** Delivered records that are not read from the log yet. */
  unread: readonly LogRecord[]
  /** True if the log is known, or if no delivered record differed from it; undefined until one is compared. */
  isEqual: boolean | undefined
  /** Returns a record with the properties that only those of such a log have. */
  readonly #place: (record: LogRecord) => LogRecord

  constructor(
    delivered: readonly LogRecord[],
    { limits }: Consumer,
    place: (record: LogRecord) => LogRecord,
    isKnown: boolean,
  ) {
    super(isKnown ? delivered.map(place) : [], { limits, logTime: 'append' })
    this.unread = isKnown ? [] : delivered
    this.isEqual = isKnown || undefined
    this.#place = place
  }

  override get isEmpty(): boolean {
    return super.isEmpty && this.unread.length === 0
  }

  override insert(fromOffset: number, looked: ReadRange): readonly LogRecord[] {
    const log = new Map(looked.records.map(record => [record.offset, this.#place(record)]))
    this.unread = this.unread.filter(record => {
      if (record.offset < fromOffset || record.offset >= looked.nextOffset) return true
      this.isEqual = this.isEqual !== false && isSame(record, log.get(record.offset))
      return false
    })
    return super.insert(fromOffset, { ...looked, records: [...log.values()] })
  }
}

function isSame(record: LogRecord, other: LogRecord | undefined): boolean {
  return record.timestampMs === other?.timestampMs && computeDigest(record) === computeDigest(other)
}

/**
 * Finds the range to read next, up to the last delivered record. Drops delivered records that cannot be compared with the log: those
 * that were decided, and those after its end.
 */
async function readOn(run: PartitionRun, pending: ForeignRecords): Promise<End> {
  const { ports, stateKey } = run
  const { version, outbox } = await loadPosition(run, pending.unread[0] as LogRecord)
  const { appliedOffset, epoch } = version
  const undecided = pending.unread.filter(({ offset }) => offset > appliedOffset)
  const decided = pending.unread.length - undecided.length
  if (decided > 0) ports.report({ kind: 'redelivered', stateKey, records: decided })
  pending.unread = undecided
  const [first, last] = [undecided.at(0), undecided.at(-1)]
  const bounds = await ports.bounds?.bounds(stateKey.topic)
  const end = bounds ? (bounds[stateKey.partition]?.end ?? 0) : Infinity
  const range = last && pending.findHole(appliedOffset + 1, Math.min(last.offset, end - 1))
  if (!first || !range) {
    if (first) pending.isEqual = false
    pending.unread = []
    return { kind: 'leftover', toOffset: appliedOffset, outbox }
  }
  // A state that was emptied for a new log has lost nothing, and records that were delivered are not missing.
  const isRoutine = epoch > 0 || range.fromOffset >= first.offset
  const toOffset = isRoutine ? range.toOffset : Math.min(range.toOffset, first.offset - 1)
  return { kind: 'missing', range: { ...range, toOffset }, appliedOffset, isRoutine }
}

/** Returns ports for the log with this identity. They empty a state of another log, and keep none, since the log may be created again. */
function createPorts(batch: Batch, identity: LogIdentity | undefined): PartitionRun['ports'] {
  const { store, log } = batch.ports
  const load: StateStore['load'] = async (stateKey, { keptFor: _, ...selection }) => {
    const snapshot = await store.load(stateKey, selection)
    const { origin } = snapshot
    if (!identity || origin === undefined || origin === formatOrigin(stateKey, identity)) return snapshot
    await publishOutbox(batch, snapshot)
    await ensurePresent(batch, identity)
    await emptyState(batch, snapshot.version)
    return load(stateKey, selection)
  }
  const read: typeof log.read = async (...range) => {
    const looked = await log.read(...range)
    if (identity) await ensurePresent(batch, identity)
    return looked
  }
  const [acquire, release] = [log.acquire.bind(log), log.release.bind(log)]
  const [commit, trimOutbox] = [store.commit.bind(store), store.trimOutbox.bind(store)]
  return {
    ...batch.ports,
    store: { load, commit, trimOutbox },
    log: { read, acquire, release, identity: async () => identity },
  }
}

/** @throws Unavailable if the log was created again since the invocation began: what was read, or the state, may be of a newer one */
async function ensurePresent({ ports, stateKey }: Batch, identity: LogIdentity): Promise<void> {
  const present = await ports.log.identity(stateKey.topic)
  if (present === undefined || formatLog(present) !== formatLog(identity))
    throw new Unavailable('broker-unavailable', `${stateKey.topic} was created again`)
}

/** @throws Unavailable if the store cannot be reached, or if another invocation has changed the state */
async function emptyState({ ports: { states, report }, stateKey }: Batch, version: Version): Promise<void> {
  if (!states) throw new Unavailable('store-unavailable', 'the store cannot replace states')
  if (!(await (await states()).empty(stateKey, version)))
    throw new Unavailable('store-unavailable', 'the state of the older log has changed in the meantime')
  report({ kind: 'log-created-again', stateKey, appliedOffset: version.appliedOffset })
}
