/**
 * Decides a part of the log again, with the steps of a deployment. Nothing is published, and only decisions are reported. Tests of
 * rules, rules on trial, comparisons with the log, rebuilt states, and the past of tables are computed by it.
 */
import type { LogRecord } from '../cloudevents/record.ts'
import type { Consumer } from './consumer.ts'
import type { Decoded } from './decoding/decode.ts'
import { decodeChunk } from './decoding/decode-chunk.ts'
import { CopyStopped } from './errors.ts'
import { LatestDecisions } from './failures/failure-surge.ts'
import type { Invocation } from './invocation.ts'
import { LogChecks } from './log/log-identity.ts'
import { PartitionLog, Semaphore } from './log/partition-log.ts'
import type { Decision, StoppedPartition } from './model/decision.ts'
import { computeProducerGroup, type RememberedFailure } from './model/failure-memory.ts'
import type { OffsetRange, ReadRange } from './model/log.ts'
import { type RememberedId, type StateKey, type StoredTimer, sameVersion } from './model/partition-state.ts'
import type { Change, LoadSelection, Snapshot } from './model/snapshot.ts'
import { runPartition } from './partition.ts'
import type { LogReader, StateStore } from './ports.ts'
import type { StateContents } from './replacing/replaceable-states.ts'

/** Log of a replay whose records are all given to it. */
export const GIVEN_RECORDS: LogReader = {
  read: async (_topic, _partition, { toOffset }) => ({ records: [], nextOffset: toOffset + 1, logStart: 0 }),
}

export interface Replaying {
  readonly log: LogReader
  readonly consumer: Consumer
  /** Wall clock for a log of another application; absent if it is not such a log. */
  readonly nowMs?: () => number
  /** Signal that ends the work; absent if it always completes. */
  readonly stop?: AbortSignal
}

export interface ReplayHooks {
  /** Returns the change to commit. By default, changes are committed without their emissions. */
  readonly beforeCommit?: (change: Change) => Change | Promise<Change>
  readonly afterCommit?: (decisions: readonly Decision[]) => void
}

/** Contents of a partition state, except for its outbox. */
export interface Contents {
  readonly states: Snapshot['states']
  readonly timers: Snapshot['timers']
  readonly ids: readonly RememberedId[]
  readonly failures: readonly RememberedFailure[]
}

/** Upper bound for the result of one load, in bytes. */
const LOAD_BYTES = 4 * 1024 * 1024

/** Decodes records as the consumer does. @throws Unavailable if a schema is needed that the registry does not return */
export async function decodeRecords(
  records: readonly LogRecord[],
  consumer: Consumer,
): Promise<readonly Decoded[]> {
  const { decoded, restWaits } = await decodeChunk(records, consumer)
  if (restWaits) throw restWaits.error ?? new Error(`the records cannot be decoded: ${restWaits.reason}`)
  return decoded
}

export class Replay {
  readonly stateKey: StateKey
  readonly #replaying: Replaying
  readonly #states: StateStore
  readonly #store: StateStore
  readonly #afterCommit: NonNullable<ReplayHooks['afterCommit']>
  readonly #logChecks = new LogChecks()
  /** Offset after the range that is decided. */
  #end = 0

  /** @param states store of the computed state */
  constructor(
    replaying: Replaying,
    { topic, partition }: Pick<StateKey, 'topic' | 'partition'>,
    states: StateStore,
    { beforeCommit = withoutEmissions, afterCommit = () => {} }: ReplayHooks = {},
  ) {
    this.stateKey = { consumer: replaying.consumer.process.name, topic, partition }
    this.#replaying = replaying
    this.#states = states
    this.#afterCommit = afterCommit
    this.#store = {
      load: async (stateKey, wanted) => ({ ...(await states.load(stateKey, wanted)), outbox: [] }),
      commit: async (stateKey, change) => states.commit(stateKey, await beforeCommit(change)),
      trimOutbox: async () => {},
    }
  }

  /**
   * Decides the log up to and including this offset. The log must have a record at the offset.
   *
   * @param onRead called after each read with the first offset of the read
   * @throws CopyStopped, `Unavailable` or `PartitionStopped` if the offset cannot be reached
   */
  async advanceTo(toOffset: number, onRead: (looked: ReadRange, fromOffset: number) => void): Promise<void> {
    const { version: before } = await this.load()
    await this.decideRange({ fromOffset: before.appliedOffset + 1, toOffset }, onRead)
    const { version } = await this.load()
    if (sameVersion(version, { epoch: version.epoch, appliedOffset: toOffset, fired: 0 })) return
    throw new CopyStopped(
      'waiting',
      `${this.#name} is at offset ${version.appliedOffset} after the log was read up to ${toOffset}: check whether the log still has that record`,
    )
  }

  /** Decides the records of a range. Parameters and errors are those of `advanceTo`. */
  async decideRange(
    { fromOffset, toOffset }: OffsetRange,
    onRead: (looked: ReadRange, fromOffset: number) => void = () => {},
  ): Promise<void> {
    const { log } = this.#replaying
    const { topic, partition } = this.stateKey
    this.#end = toOffset + 1
    try {
      for (let from = fromOffset; from <= toOffset; ) {
        this.#throwIfStopped()
        const looked = await log.read(topic, partition, { fromOffset: from, toOffset })
        await this.decide(looked.records)
        onRead(looked, from)
        from = looked.nextOffset
      }
    } finally {
      log.leave?.(topic, partition)
    }
  }

  /** Decides records that were decoded elsewhere, such as rows of the history. Like `decide` otherwise. */
  decideDecoded(decoded: readonly Decoded[]): Promise<readonly Decision[]> {
    return this.decide(
      decoded.map(({ record }) => record),
      new Map(decoded.map(own => [own.record.offset, own])),
    )
  }

  /**
   * Decides the next records, in the order of their offsets. Returns the decisions about records and timers, in order.
   *
   * @param decoded records that are decoded already, by offset: all or none
   * @throws CopyStopped, `Unavailable` or `PartitionStopped` if the records cannot be decided
   */
  async decide(
    records: readonly LogRecord[],
    decoded?: ReadonlyMap<number, Decoded>,
  ): Promise<readonly Decision[]> {
    if (records.length === 0) return []
    const { consumer, log } = this.#replaying
    const { topic, partition } = this.stateKey
    const decisions: Decision[] = []
    let waiting: StoppedPartition | undefined
    const ports: Parameters<typeof runPartition>[1] = {
      store: this.#store,
      publisher: { publish: async () => {} },
      log: new PartitionLog(log, new Semaphore(1)),
      bounds: { bounds: async () => this.#bounds },
      // Records that the live consumer has decided must be decided again, even during a surge of failures.
      breaker: { open: async () => Number.NEGATIVE_INFINITY },
      // The live consumer has already reported these records.
      report: report => {
        if (report.kind === 'deferred') waiting = report
        if (report.kind !== 'decisions') return
        decisions.push(...report.decisions)
        this.#afterCommit(report.decisions)
      },
    }
    const batch = { topic, partition, records }
    const { waitsFrom } = await runPartition(consumer, ports, this.#createInvocation(decoded), batch)
    if (waitsFrom === undefined) return decisions
    this.#throwIfStopped()
    const { error, reason } = waiting ?? {}
    if (error instanceof Error) throw error
    throw new CopyStopped('waiting', `${this.#name} waits at offset ${waitsFrom}: ${reason}`)
  }

  /** Loads parts of the state: none of the entities, ids and failures that are not named. */
  load(wanted: Partial<LoadSelection> = {}): Promise<Snapshot> {
    return this.#states.load(this.stateKey, toLoadSelection(wanted))
  }

  /** Returns the remembered failure that a redriven record retries; undefined if it is not known. */
  async findFailure(id: string, record: LogRecord): Promise<RememberedFailure | undefined> {
    const { failures } = await this.load({ failures: [{ id, producerGroup: computeProducerGroup(record) }] })
    return failures.get(id)
  }

  get #name(): string {
    const { consumer, topic, partition } = this.stateKey
    return `the copy of ${consumer} for ${topic}/${partition}`
  }

  #throwIfStopped(): void {
    if (this.#replaying.stop?.aborted) throw new CopyStopped('stopped', 'it was stopped')
  }

  /** Bounds of the log by partition. Other partitions are not looked at. */
  get #bounds() {
    const bounds: { start: number; end: number }[] = []
    bounds[this.stateKey.partition] = { start: 0, end: this.#end }
    return bounds
  }

  #createInvocation(decoded: Invocation['decoded']): Invocation {
    const { nowMs = () => 0, stop } = this.#replaying
    return {
      remainingMs: () => (stop?.aborted ? 0 : Number.POSITIVE_INFINITY),
      partialResponses: true,
      nowMs,
      pause: async () => {},
      codeVersion: () => '',
      latest: new LatestDecisions(),
      logChecks: this.#logChecks,
      ...(decoded && { decoded }),
    }
  }
}

/** Reads all contents of a state. Of items that are returned several times, the first occurrence is valid. */
export async function readContents(states: StateContents, stateKey: StateKey): Promise<Contents> {
  const entities = new Map<string, string>()
  const timers = new Map<string, readonly StoredTimer[]>()
  const [ids, failures] = [new Map<string, RememberedId>(), new Map<string, RememberedFailure>()]
  for await (const [entity, stored] of states.states(stateKey)) entities.set(entity, stored)
  for await (const [entity, own] of states.timers(stateKey)) timers.set(entity, own)
  for await (const id of states.ids(stateKey)) if (!ids.has(id.id)) ids.set(id.id, id)
  for await (const failure of states.failures(stateKey))
    if (!failures.has(failure.id)) failures.set(failure.id, failure)
  return { states: entities, timers, ids: [...ids.values()], failures: [...failures.values()] }
}

function withoutEmissions(change: Change): Change {
  return { ...change, outbox: [] }
}

export function toLoadSelection(wanted: Partial<LoadSelection>): LoadSelection {
  return {
    entities: [],
    ids: [],
    failures: [],
    idWindowMs: 0,
    span: { firstAppendMs: 0, advanceMs: 0 },
    timerLimit: 1,
    byteLimit: LOAD_BYTES,
    contexts: [],
    ...wanted,
  }
}

/** Yields the items in arrays of at most this many. */
export async function* inChunks<T>(all: Iterable<T> | AsyncIterable<T>, atOnce: number): AsyncGenerator<T[]> {
  let some: T[] = []
  for await (const item of all) {
    some.push(item)
    if (some.length < atOnce) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}
