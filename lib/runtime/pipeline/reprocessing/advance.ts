/**
 * Applies the log to a copy of a partition state, up to an offset. What it emits is dropped: it was emitted before, apart from failures
 * that are new, which the rebuilt state keeps in its outbox until the switch.
 */
import type { Consumer } from '../consumer.ts'
import { PartitionStopped } from '../errors.ts'
import { LatestDecisions } from '../failures/failure-surge.ts'
import type { Invocation } from '../invocation.ts'
import { LogChecks } from '../log/log-identity.ts'
import { PartitionLog, Semaphore } from '../log/partition-log.ts'
import type { Change, OffsetRange, OutboxEntry, RememberedFailure, StateKey, Waiting } from '../model.ts'
import { runPartition } from '../partition.ts'
import type { LogReader, Observer, Ports, StateStore } from '../ports.ts'
import { sameVersion } from '../recovery/checkpoints.ts'
import type { RebuildCopy, StateCopies } from './copies.ts'
import { failuresById, newFailures } from './new-failures.ts'

/** Why a copy cannot be advanced. */
export class RebuildStopped extends Error {
  override readonly name = 'RebuildStopped'
  readonly why: 'overtaken' | 'replaced' | 'waiting' | 'failing' | 'stopped'

  constructor(why: RebuildStopped['why'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.why = why
  }
}

/** The live consumer has reported all this. */
const QUIET: Observer = {
  decided() {},
  redelivered() {},
  waiting() {},
  outboxNotTrimmed() {},
  refused() {},
  rangeReadBack() {},
  expired() {},
  startsWithoutAppliedOffset() {},
  failureMemory() {},
  restoredFromCheckpoint() {},
  checkpointDamaged() {},
  clockGap() {},
  timedByProducers() {},
  contextUnreadable() {},
  misrouted() {},
  breakerOpen() {},
  tried() {},
  deadLettersSent() {},
}

export interface Advancing {
  readonly consumer: Consumer
  readonly copies: StateCopies
  readonly log: LogReader
  /** The version of the code that runs. */
  readonly codeVersion: string
  readonly nowMs: () => number
  readonly stop: AbortSignal
  /** Called after each read of the rebuilt state, with the number of records. */
  readonly decided: (count: number) => void
  /** Upper bound for the new failures of a partition as they are stored, in bytes; 4 MiB by default. */
  readonly failureBytes?: number
  /** Offsets that the log no longer has. */
  readonly expired: (partitionState: StateKey, range: OffsetRange) => void
}

const FAILURE_BYTES = 4 * 1024 * 1024

/** One copy that is advanced from time to time, by this command alone. */
export class AdvancingCopy {
  /** The entities whose states have changed since this was last cleared. */
  readonly changed = new Set<string>()
  readonly #with: Advancing
  readonly #partitionState: StateKey
  readonly #copy: RebuildCopy
  readonly #store: StateStore
  readonly #logChecks = new LogChecks()
  readonly #epoch: number
  /** The new failures as of the last load. */
  #outbox: readonly OutboxEntry[] = []
  /** What the live state remembers; undefined if it must be read again. */
  #liveFailures: ReadonlyMap<string, RememberedFailure> | undefined

  /** @param epoch that the copy has as long as it is this command's */
  constructor(advancing: Advancing, partitionState: StateKey, copy: RebuildCopy, epoch: number) {
    this.#with = advancing
    this.#partitionState = partitionState
    this.#copy = copy
    this.#epoch = epoch
    const store = advancing.copies.store(copy)
    this.#store = {
      load: async (stateKey, wanted) => {
        const snapshot = await store.load(stateKey, wanted)
        this.#requireOwn(snapshot.version.epoch)
        this.#outbox = snapshot.outbox
        return { ...snapshot, outbox: [] }
      },
      commit: async (stateKey, change) => {
        for (const entity of change.states.keys()) this.changed.add(entity)
        const outbox = copy === 'rebuilt' ? await this.#newFailures(change) : []
        return store.commit(stateKey, { ...change, outbox } satisfies Change)
      },
      trimOutbox: async () => {},
    }
  }

  /**
   * Reads the log up to this offset, which has a record, and decides it.
   *
   * @throws RebuildStopped, `Unavailable`, `UnreadableLog`, `PartitionStopped`
   */
  async to(toOffset: number): Promise<void> {
    const { copies, log, stop, decided, expired } = this.#with
    const { topic, partition } = this.#partitionState
    const { version } = await copies.facts(this.#partitionState, this.#copy)
    this.#requireOwn(version.epoch)
    this.#liveFailures = undefined
    let fromOffset = version.appliedOffset + 1
    while (fromOffset <= toOffset) {
      if (stop.aborted) throw new RebuildStopped('stopped', 'it was stopped')
      const { records, nextOffset, logStart } = await log.read(topic, partition, { fromOffset, toOffset })
      if (logStart > fromOffset) expired(this.#partitionState, { fromOffset, toOffset: logStart - 1 })
      if (records.length > 0) await this.#decide({ topic, partition, records })
      if (this.#copy === 'rebuilt') decided(records.length)
      fromOffset = nextOffset
    }
    log.leave?.(topic, partition)
    await this.#requireAt(toOffset)
  }

  /** @throws RebuildStopped if there are too many */
  async #newFailures(change: Change): Promise<readonly OutboxEntry[]> {
    if (change.failures.length === 0) return []
    const { copies, consumer, failureBytes = FAILURE_BYTES } = this.#with
    this.#liveFailures ??= await failuresById(copies, this.#partitionState)
    const found = newFailures(consumer, this.#partitionState, change, this.#liveFailures)
    if (found.length === 0) return []
    if (bytesOf(this.#outbox) + bytesOf(found) <= failureBytes) return found
    throw new RebuildStopped(
      'failing',
      `the deployed code fails ${this.#outbox.length + found.length} records or more that the live state has applied, which is more than a switch may tell: mend the code first`,
    )
  }

  async #decide(batch: Parameters<typeof runPartition>[3]): Promise<void> {
    const { consumer, log } = this.#with
    let waiting: Waiting | undefined
    const observer: Observer = {
      ...QUIET,
      waiting: (_, what) => {
        waiting = what
      },
    }
    const ports: Ports & { readonly log: PartitionLog } = {
      store: this.#store,
      publisher: { publish: async () => {} },
      log: new PartitionLog(log, new Semaphore(1)),
      // What the live consumer has decided before must be decided again, a surge of failures included.
      breaker: { open: async () => 'reset' },
      observer,
    }
    const { waitsFrom } = await runPartition(consumer, ports, this.#invocation, batch)
    if (waitsFrom === undefined) return
    if (this.#with.stop.aborted) throw new RebuildStopped('stopped', 'it was stopped')
    const { error, reason } = waiting ?? {}
    if (error instanceof Error) throw error
    throw new RebuildStopped('waiting', `${this.#name} waits at offset ${waitsFrom}: ${reason}`)
  }

  get #invocation(): Invocation {
    const { codeVersion, nowMs, stop } = this.#with
    return {
      remainingMs: () => (stop.aborted ? 0 : Number.POSITIVE_INFINITY),
      partialResponses: true,
      nowMs,
      pause: async () => {},
      codeVersion: () => codeVersion,
      latest: new LatestDecisions(),
      logChecks: this.#logChecks,
    }
  }

  get #name(): string {
    const { consumer, topic, partition } = this.#partitionState
    return `the ${this.#copy} state of ${consumer} for ${topic}/${partition}`
  }

  /** Another command that works on the copy gives it another epoch; one that has switched or given up has removed it. */
  #requireOwn(epoch: number): void {
    if (this.#epoch !== epoch)
      throw new RebuildStopped('overtaken', `another command has replaced or removed ${this.#name}`)
  }

  async #requireAt(toOffset: number): Promise<void> {
    const { version } = await this.#with.copies.facts(this.#partitionState, this.#copy)
    if (sameVersion(version, { epoch: version.epoch, appliedOffset: toOffset, fired: 0 })) return
    throw new PartitionStopped(
      'another-log',
      `${this.#name} is at offset ${version.appliedOffset} after the log was read up to ${toOffset}: does the log still have it?`,
    )
  }
}

function bytesOf(entries: readonly OutboxEntry[]): number {
  return entries.reduce((sum, entry) => sum + JSON.stringify(entry).length, 0)
}
