import type { RememberedFailure } from '../../pipeline/model/failure-memory.ts'
import { type Hold, isHolderName } from '../../pipeline/model/hold.ts'
import type { LogClock } from '../../pipeline/model/log.ts'
import type { StateKey, StoredContext, StoredTimer, Version } from '../../pipeline/model/partition-state.ts'
import { splitHold, splitState } from '../../pipeline/model/stored-state.ts'
import type { RedisClient } from './client.ts'
import { collectUnique, StateReader } from './state-reader.ts'

/** Summary of a partition state for operators. */
export interface StateSummary {
  /** Last decided offset; -1 if no record was decided. */
  readonly appliedOffset: number
  readonly version: Version
  readonly clock: LogClock
  readonly entities: number
  readonly outbox: number
  /** Number of records by `outcome/reason` since the partition state was created. */
  readonly tally: Readonly<Record<string, number>>
}

/** Details of a partition state, without the states of entities. */
export interface StateDetails extends StateSummary {
  readonly timers: number
  /** Timer that fires next. */
  readonly nextTimer: { readonly entity: string; readonly timer: StoredTimer } | undefined
  /** Position of the first entry that waits for publication. */
  readonly oldestOutbox: string | undefined
  /** Failures for which a redrive is still accepted. */
  readonly openFailures: readonly RememberedFailure[]
  readonly ids: number
}

/** Reads partition states for display. Never changes a state. */
export class StateInspection {
  readonly #reader: StateReader

  constructor(client: RedisClient) {
    this.#reader = new StateReader(client)
  }

  async summary(stateKey: StateKey): Promise<StateSummary> {
    const [{ version, clock, tally }, counts] = await Promise.all([
      this.#reader.meta(stateKey),
      this.#reader.counts(stateKey),
    ])
    return { appliedOffset: version.appliedOffset, version, clock, ...counts, tally }
  }

  /** Reads the details. They are not a snapshot: the consumer may commit during the reads. */
  async details(stateKey: StateKey): Promise<StateDetails> {
    const reader = this.#reader
    const meta = await reader.meta(stateKey)
    const { version, clock, tally } = meta
    const timers = new Map<string, number>()
    for await (const [entity, own] of reader.timers(stateKey)) timers.set(entity, own.length)
    const positions = new Set<string>()
    for await (const { position } of reader.outbox(stateKey)) positions.add(position)
    const failures = await collectUnique(reader.failures(stateKey), ({ id }) => id)
    return {
      appliedOffset: version.appliedOffset,
      ...(await reader.counts(stateKey)),
      tally,
      version,
      clock,
      timers: [...timers.values()].reduce((sum, count) => sum + count, 0),
      nextTimer: await this.#nextTimer(stateKey),
      oldestOutbox: [...positions].sort()[0],
      openFailures: failures.filter(({ isOpen }) => isOpen).sort((a, b) => a.offset - b.offset),
      ids: await reader.idCount(stateKey, meta),
    }
  }

  /** Returns the state of one entity; undefined if it has none. */
  async state(stateKey: StateKey, entity: string): Promise<unknown> {
    const stored = await this.#reader.state(stateKey, entity)
    return stored === undefined ? undefined : parseStored(stored).state
  }

  /** Returns the context that an event has set for all entities of the partition; undefined if none was set. */
  context(stateKey: StateKey): Promise<StoredContext | undefined> {
    return this.#reader.context(stateKey)
  }

  /** Returns all timers of one entity. */
  readEntityTimers(stateKey: StateKey, entity: string): Promise<readonly StoredTimer[]> {
    return this.#reader.readEntityTimers(stateKey, entity)
  }

  /**
   * Reads states with the versions of their format, and with the hold of held entities. The state of a held entity may be
   * undefined. States are read in pages, so that a large partition state does not block the server.
   */
  async *states(
    stateKey: StateKey,
  ): AsyncGenerator<[entity: string, state: unknown, version: number, hold?: Hold]> {
    for await (const [entity, stored] of this.#reader.states(stateKey)) {
      if (isHolderName(entity)) continue
      const { state, version, hold } = parseStored(stored)
      yield hold ? [entity, state, version, hold] : [entity, state, version]
    }
  }

  async #nextTimer(stateKey: StateKey): Promise<StateDetails['nextTimer']> {
    const entity = await this.#reader.firstDue(stateKey)
    const own = entity === undefined ? [] : await this.#reader.readEntityTimers(stateKey, entity)
    const [timer] = [...own].sort((a, b) => a.thresholdMs - b.thresholdMs)
    return entity !== undefined && timer ? { entity, timer } : undefined
  }
}

function parseStored(stored: string): { state: unknown; version: number; hold: Hold | undefined } {
  const { hold, state } = splitHold(stored)
  const { json, version } = state === undefined ? { json: undefined, version: 1 } : splitState(state)
  return {
    state: json === undefined ? undefined : JSON.parse(json),
    version,
    hold: hold === undefined ? undefined : JSON.parse(hold),
  }
}
