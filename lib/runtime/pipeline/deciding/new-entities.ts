/**
 * Bounds how many entities producers add to a partition state, so that no producer can fill the store with names. Each group of
 * producers has a level, and so has the partition as a whole: it rises with each new entity, sinks when an entity is forgotten, and
 * sinks by itself with the log's clock. So the same log gives the same levels. Pure.
 */
import { hash } from 'node:crypto'
import { partsOfEntity } from '../../consumer/event.ts'
import { type Failure, failure } from '../../consumer/failure-codes.ts'

const DAY_MS = 24 * 60 * 60_000

/** Groups by the source of the entity. A producer that takes other sources meets the bound of the partition. */
const GROUPS = 64
const ALL = 'all'

/** All groups together may add this many times what one group may. */
const ALL_SHARE = 2

/** Names are stored several times, so a longer one counts as several entities. */
const NAME_LENGTH = 128

interface Level {
  readonly level: number
  readonly atMs: number
}

export class NewEntities {
  readonly #perDay: number
  readonly #levels: Map<string, Level>

  /**
   * @param stored as `stored` returned it; undefined if nothing was
   * @param perDay how many entities a group of producers may add in a day of log time
   */
  constructor(stored: string | undefined, perDay: number) {
    this.#perDay = perDay
    this.#levels = new Map(
      (stored ? stored.split(' ') : []).map(one => {
        const [group = '', level, atMs] = one.split(':')
        return [group, { level: Number(level), atMs: Number(atMs) }]
      }),
    )
  }

  /** Returns why the entity cannot be added now; undefined if it can. */
  refusal(entity: string, nowMs: number): Failure | undefined {
    const weight = weightOf(entity)
    const full = this.#groupsOf(entity).find(
      ([group, most]) => this.#levelAt(group, most, nowMs) + weight > most,
    )
    if (!full) return undefined
    const who = full[0] === ALL ? 'all producers together' : 'the group of producers of this source'
    return failure(
      'too-many-new-entities',
      `${who} may add ${full[1]} entities to a partition in a day, and this one is new: \`sluice state sources\` shows who adds most`,
    )
  }

  added(entity: string, nowMs: number): void {
    this.#raise(entity, nowMs, weightOf(entity))
  }

  forgotten(entity: string, nowMs: number): void {
    this.#raise(entity, nowMs, -weightOf(entity))
  }

  /** The levels as text: group, level and log clock of each; empty if nothing was added for a day. */
  get stored(): string {
    return [...this.#levels].map(([group, { level, atMs }]) => `${group}:${level}:${atMs}`).join(' ')
  }

  #raise(entity: string, nowMs: number, by: number): void {
    for (const [group, most] of this.#groupsOf(entity)) {
      const level = Math.max(0, this.#levelAt(group, most, nowMs) + by)
      if (level === 0) this.#levels.delete(group)
      else this.#levels.set(group, { level, atMs: nowMs })
    }
  }

  #groupsOf(entity: string): readonly (readonly [group: string, most: number])[] {
    return [
      [groupOf(entity), this.#perDay],
      [ALL, ALL_SHARE * this.#perDay],
    ]
  }

  #levelAt(group: string, most: number, nowMs: number): number {
    const { level, atMs } = this.#levels.get(group) ?? { level: 0, atMs: nowMs }
    return Math.max(0, level - (most * Math.max(0, nowMs - atMs)) / DAY_MS)
  }
}

function weightOf(entity: string): number {
  return Math.ceil(entity.length / NAME_LENGTH)
}

function groupOf(entity: string): string {
  const { source } = partsOfEntity(entity)
  return String(Number.parseInt(hash('sha256', source, 'hex').slice(0, 8), 16) % GROUPS)
}
