/** Decides a range of the log again, in a copy of a partition state. Nothing is published, and only decisions are reported. */

import type { LogRecord } from '../../cloudevents/record.ts'
import type { Consumer } from '../consumer.ts'
import { CopyStopped } from '../errors.ts'
import { LatestDecisions } from '../failures/failure-surge.ts'
import type { Invocation } from '../invocation.ts'
import { LogChecks } from '../log/log-identity.ts'
import { PartitionLog, Semaphore } from '../log/partition-log.ts'
import type { Decision, StoppedPartition } from '../model/decision.ts'
import type { OffsetRange, ReadRange } from '../model/log.ts'
import type { StateKey } from '../model/partition-state.ts'
import { runPartition } from '../partition.ts'
import type { LogReader, StateStore } from '../ports.ts'
import type { StatePages } from '../replacing/state-parts.ts'

type OnDecisions = (stateKey: StateKey, decisions: readonly Decision[]) => void

/** In-memory store for partition states. */
export interface MemoryStates extends StateStore {
  /** Yields the contents of the state; nothing if it was never written. No commit may be made in the meantime. */
  pages(stateKey: StateKey): StatePages
  /** Replaces the whole state. The new epoch is higher than the epochs of the old state and of the pages. */
  replace(stateKey: StateKey, pages: StatePages): Promise<void>
}

export interface Rereading {
  readonly consumer: Consumer
  readonly log: LogReader
  /** Version of the running code. */
  readonly codeVersion: string
  readonly nowMs: () => number
  readonly stop: AbortSignal
}

export class LogReplay {
  readonly #with: Rereading
  readonly #stateKey: StateKey
  readonly #store: StateStore
  readonly #onDecisions: OnDecisions
  readonly #logChecks = new LogChecks()
  /** Offset after the range that is decided. */
  #end = 0

  /**
   * @param store store of the copy
   * @param onDecisions called after each commit
   */
  constructor(
    reading: Rereading,
    stateKey: StateKey,
    store: StateStore,
    onDecisions: OnDecisions = () => {},
  ) {
    this.#with = reading
    this.#stateKey = stateKey
    this.#store = store
    this.#onDecisions = onDecisions
  }

  /**
   * Decides the records of a range.
   *
   * @param onRead called after each read with the first offset of the read
   * @throws CopyStopped, `Unavailable` or `PartitionStopped` if the copy cannot be advanced
   */
  async decide(
    { fromOffset, toOffset }: OffsetRange,
    onRead: (looked: ReadRange, fromOffset: number) => void,
  ): Promise<void> {
    const { log, stop } = this.#with
    const { topic, partition } = this.#stateKey
    this.#end = toOffset + 1
    for (let from = fromOffset; from <= toOffset; ) {
      if (stop.aborted) throw new CopyStopped('stopped', 'it was stopped')
      const looked = await log.read(topic, partition, { fromOffset: from, toOffset })
      if (looked.records.length > 0) await this.batch(looked.records)
      onRead(looked, from)
      from = looked.nextOffset
    }
    log.leave?.(topic, partition)
  }

  /** Decides records in the order of their offsets. @throws the errors of `decide` */
  async batch(records: readonly LogRecord[]): Promise<void> {
    const { consumer, log, stop } = this.#with
    const { topic, partition } = this.#stateKey
    let waiting: StoppedPartition | undefined
    const ports: Parameters<typeof runPartition>[1] = {
      store: this.#store,
      publisher: { publish: async () => {} },
      log: new PartitionLog(log, new Semaphore(1)),
      bounds: { bounds: async () => this.#bounds },
      // Records that the live consumer has decided must be decided again, even during a surge of failures.
      breaker: { open: async () => Number.NEGATIVE_INFINITY },
      report: report => {
        if (report.kind === 'decisions') this.#onDecisions(report.stateKey, report.decisions)
        if (report.kind === 'deferred') waiting = report
      },
    }
    const batch = { topic, partition, records }
    const { waitsFrom } = await runPartition(consumer, ports, this.#invocation, batch)
    if (waitsFrom === undefined) return
    if (stop.aborted) throw new CopyStopped('stopped', 'it was stopped')
    const { error, reason } = waiting ?? {}
    if (error instanceof Error) throw error
    throw new CopyStopped(
      'waiting',
      `the copy of ${this.#stateKey.consumer} for ${topic}/${partition} waits at offset ${waitsFrom}: ${reason}`,
    )
  }

  /** Bounds of the log by partition. Other partitions are not looked at. */
  get #bounds() {
    const bounds: { start: number; end: number }[] = []
    bounds[this.#stateKey.partition] = { start: 0, end: this.#end }
    return bounds
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
}
