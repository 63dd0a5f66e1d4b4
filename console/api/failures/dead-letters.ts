/** The list of dead letters, and their counts by code, consumer and time. */
import * as v from 'valibot'
import {
  type CountedDeadLetters,
  countedDeadLetters,
  type DeadLetterFilter,
  type DeadLetterState,
  histogram,
} from '../../../lib/queries/dead-letter-pages.ts'
import {
  type DeadLetterSummary,
  deadLetterSummary,
  deadLettersOf,
  placeText,
} from '../../../lib/queries/dead-letter-records.ts'
import {
  type DeadLetterSource,
  DeadLetters,
  type DeadLettersNow,
  type PlacedDeadLetter,
} from '../../../lib/queries/dead-letters.ts'
import { FAILURES } from '../../../packages/runtime/consumer/failure-codes.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { watched } from '../route.ts'
import { CONDITIONS, filterFrom } from './conditions.ts'

export interface DeadLetterLine extends Omit<DeadLetterSummary, 'partition' | 'offset'> {
  /** `2@17`: its place in the dlq topic. */
  readonly at: string
  /** When it came into the topic; milliseconds since the epoch. */
  readonly writtenAtMs: number
}

interface BrokenLine {
  readonly at: string
  readonly writtenAtMs: number
  readonly why: string
  readonly handled: string | null
}

export interface DeadLettersAnswer {
  /** The newest that meet the conditions. */
  readonly letters: readonly DeadLetterLine[]
  /** How many meet them. */
  readonly total: number
  readonly quarantined: number
  readonly broken: readonly BrokenLine[]
  readonly brokenTotal: number
  /** How many have each code, the most frequent first, with what the code means. */
  readonly codes: readonly { readonly name: string; readonly count: number; readonly means: string | null }[]
  readonly consumers: readonly { readonly name: string; readonly count: number }[]
  /** How many came in each of equal parts of this time; milliseconds since the epoch. */
  readonly times: { readonly fromMs: number; readonly toMs: number; readonly counts: readonly number[] }
  /** How many records of each partition were looked at, the newest, to find handled dead letters; null where the table has the answer. */
  readonly newest: number | null
  /** Open dead letters that the table does not hold, because newer ones needed the room. */
  readonly left: number
  /** How many records are still to be looked at: the next answer knows of them. */
  readonly pending: number
}

/** Only the topic knows handled dead letters; it is read as far back as this, in each partition. */
const NEWEST = 4_000
/** Large records take long to read: an answer that knows a part comes first. */
const LOOK_MS = 2_000
const MAX_LISTED = 200
const MAX_REMEMBERED = 2_000
/** Long errors are shown in whole with the dead letter itself. */
const MAX_ERROR_LENGTH = 300
const PARTS = 60
/** A second for each part. */
const SHORTEST_MS = PARTS * 1_000

const QUERY = {
  ...CONDITIONS,
  state: v.optional(v.picklist(['open', 'quarantined', 'handled', 'all'], 'must be a state'), 'open'),
}

export function deadLetterRoutes(environment: ConsoleEnvironment) {
  let list: DeadLetterList | undefined
  return {
    '/failures': watched(QUERY, 3_000, async ({ state, ...conditions }) => {
      list ??= new DeadLetterList(await environment.letters())
      return list.answer(state, filterFrom(conditions, Date.now()))
    }),
  }
}

/** Remembers its reading, because an open list is refreshed every few seconds. */
class DeadLetterList {
  readonly #source: DeadLetterSource
  readonly #open: DeadLetters
  readonly #all: DeadLetters
  /** Lines by place, without the work of operators. */
  readonly #lines = new Map<string, DeadLetterLine>()

  constructor(source: DeadLetterSource) {
    this.#source = source
    this.#open = new DeadLetters(source)
    this.#all = new DeadLetters(source, { withHandled: true, newest: NEWEST })
  }

  async answer(state: DeadLetterState, filter: DeadLetterFilter): Promise<DeadLettersAnswer> {
    const isOpen = state === 'open' || state === 'quarantined'
    const untilMs = performance.now() + LOOK_MS
    const now = await (isOpen ? this.#open : this.#all).look(() => performance.now() < untilMs)
    const counted = countedDeadLetters(now.rows, filter, state)
    const lines = await this.#linesOf(counted.letters.slice(0, MAX_LISTED))
    return { ...numbers(now, counted, filter, Date.now()), letters: lines, newest: isOpen ? null : NEWEST }
  }

  async #linesOf(rows: readonly PlacedDeadLetter[]): Promise<readonly DeadLetterLine[]> {
    const { log, topic } = this.#source
    const unread = rows.filter(row => !this.#lines.has(placeText(row)))
    for (const letter of await deadLettersOf(log, topic, unread)) {
      const { partition, offset, ...summary } = deadLetterSummary(letter)
      const at = placeText(letter)
      const error = summary.error.slice(0, MAX_ERROR_LENGTH)
      this.#lines.set(at, { at, ...summary, error, writtenAtMs: letter.writtenAtMs })
    }
    const lines = rows.flatMap(row => {
      const line = this.#lines.get(placeText(row))
      return line ? [{ ...line, handled: row.handled?.action ?? null }] : []
    })
    for (const at of this.#lines.keys()) {
      if (this.#lines.size <= MAX_REMEMBERED) break
      this.#lines.delete(at)
    }
    return lines
  }
}

/** Pure. */
function numbers(
  { rows, left, pending }: DeadLettersNow,
  { letters, broken, codes, consumers }: CountedDeadLetters,
  { sinceMs, untilMs }: DeadLetterFilter,
  nowMs: number,
): Omit<DeadLettersAnswer, 'letters' | 'newest'> {
  const toMs = untilMs ?? roundUp(nowMs)
  const oldestMs = rows[0]?.writtenAtMs ?? toMs
  const fromMs = Math.min(sinceMs ?? oldestMs, toMs - SHORTEST_MS)
  const timesMs = letters.map(({ writtenAtMs }) => writtenAtMs)
  return {
    total: letters.length,
    quarantined: letters.filter(({ quarantined }) => quarantined).length,
    broken: broken.slice(0, MAX_LISTED).map(row => {
      const { writtenAtMs, why, handled } = row
      return { at: placeText(row), writtenAtMs, why, handled: handled?.action ?? null }
    }),
    brokenTotal: broken.length,
    codes: Object.entries(codes).map(([name, count]) => ({ name, count, means: meaningOf(name) })),
    consumers: Object.entries(consumers).map(([name, count]) => ({ name, count })),
    times: { fromMs, toMs, counts: histogram(timesMs, { fromMs, toMs, parts: PARTS }) },
    left,
    pending,
  }
}

/** Returns the meaning of a failure code; null for one that this version does not know. */
export function meaningOf(code: string): string | null {
  return code in FAILURES ? FAILURES[code as keyof typeof FAILURES].description : null
}

/** Rounds to ten seconds: an unchanged answer is not sent again. */
function roundUp(ms: number): number {
  return Math.ceil(ms / 10_000) * 10_000
}
