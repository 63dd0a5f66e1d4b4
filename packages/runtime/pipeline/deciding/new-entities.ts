/**
 * Limits the number of entities that producers may add to a partition state, so that no producer can fill the store. There is a
 * level for each group of producers and one for the whole partition. A level rises with each new entity and with each 4 KiB by
 * which a state grows. It falls when entities or data are removed, and steadily as the log's clock advances. The levels depend only
 * on the log. Pure.
 */

import { hash } from 'node:crypto'
import { DAY_MS } from '../../consumer/durations.ts'
import { parseEntity } from '../../consumer/event.ts'
import { type Failure, failure } from '../../consumer/failure-codes.ts'
import { type EntityState, toText } from '../model/stored-state.ts'

/** Number of producer groups, by the source of the entity. A producer with many sources is limited by the partition's level. */
const GROUPS = 64
const ALL = 'all'

/** Limit of all groups together, as a multiple of the limit of one group. */
const ALL_SHARE = 2

/**
 * Size of one unit, in bytes. A new entity counts as one unit per 4 KiB of its state and names, rounded up. A known entity whose
 * state fits into one unit is never refused, so that a flood of new entities cannot block it.
 */
const UNIT = 4 * 1024
const NAMES = 3

interface Level {
  readonly level: number
  readonly atMs: number
}

export class NewEntities {
  readonly #perDay: number | undefined
  readonly #levels: Map<string, Level>

  /** @param perDay number of entities that a group of producers may add per day of log time; undefined for no limit */
  constructor(stored: string | undefined, perDay: number | undefined) {
    this.#perDay = perDay
    this.#levels = new Map(
      (stored ? stored.split(' ') : []).map(part => {
        const [group = '', level, atMs] = part.split(':')
        return [group, { level: Number(level), atMs: Number(atMs) }]
      }),
    )
  }

  /**
   * Returns the failure if storing this state would exceed a limit; undefined if the state may be stored.
   *
   * @param before previous state; undefined for a new entity
   */
  checkLimit(
    entity: string,
    before: EntityState | undefined,
    state: EntityState,
    nowMs: number,
  ): Failure | undefined {
    const units = countUnits(entity, state)
    const added = units - countUnits(entity, before)
    if (added <= 0 || (before !== undefined && units === 1)) return undefined
    const full = this.#listGroups(entity).find(
      ([group, most]) => this.#computeLevel(group, most, nowMs) + added > most,
    )
    if (!full) return undefined
    const who = full[0] === ALL ? 'all producers together' : 'the group of producers of this source'
    return failure(
      'too-many-new-entities',
      `${who} may add ${full[1]} entities to a partition per day, but this one ${before === undefined ? 'is new' : 'grows'}`,
    )
  }

  /**
   * Updates the levels for a changed entity.
   *
   * @param before previous state; undefined for a new entity
   * @param after new state; undefined for a forgotten entity
   */
  update(
    entity: string,
    before: EntityState | undefined,
    after: EntityState | undefined,
    nowMs: number,
  ): void {
    const by = countUnits(entity, after) - countUnits(entity, before)
    if (by === 0) return
    for (const [group, most] of this.#listGroups(entity)) {
      const level = Math.max(0, this.#computeLevel(group, most, nowMs) + by)
      if (level === 0) this.#levels.delete(group)
      else this.#levels.set(group, { level, atMs: nowMs })
    }
  }

  /** Serialized levels, each with its group, level and log clock; empty if none exist. */
  get serializedLevels(): string {
    return [...this.#levels].map(([group, { level, atMs }]) => `${group}:${level}:${atMs}`).join(' ')
  }

  #listGroups(entity: string): readonly (readonly [group: string, most: number])[] {
    if (this.#perDay === undefined) return []
    return [
      [computeGroup(entity), this.#perDay],
      [ALL, ALL_SHARE * this.#perDay],
    ]
  }

  #computeLevel(group: string, most: number, nowMs: number): number {
    const { level, atMs } = this.#levels.get(group) ?? { level: 0, atMs: nowMs }
    return Math.max(0, level - (most * Math.max(0, nowMs - atMs)) / DAY_MS)
  }
}

function countUnits(entity: string, state: EntityState | undefined): number {
  if (state === undefined) return 0
  const names = NAMES * entity.length
  // The levels depend only on the log, so a bound counts only if the exact length would count the same.
  return names + state.length <= UNIT ? 1 : Math.ceil((names + toText(state).length) / UNIT)
}

function computeGroup(entity: string): string {
  const { source } = parseEntity(entity)
  return String(Number.parseInt(hash('sha256', source, 'hex').slice(0, 8), 16) % GROUPS)
}
