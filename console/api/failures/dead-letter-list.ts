/** List of dead letters. */
import * as v from 'valibot'
import { FAILURES } from '#runtime/consumer/index.ts'
import {
  type DeadLetterFilter,
  isWritten,
  meets,
} from '../../../lib/queries/dead-letters/dead-letter-pages.ts'
import {
  type DeadLetterSummary,
  formatPlace,
  readDeadLetters,
  toDeadLetterSummary,
} from '../../../lib/queries/dead-letters/dead-letter-records.ts'
import {
  type DeadLetterSource,
  DeadLetters,
  type PlacedDeadLetter,
} from '../../../lib/queries/dead-letters/dead-letters.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { declareSharedQuery } from '../../http/declare-route.ts'
import { CONDITIONS, toFilter } from './dead-letter-conditions.ts'

export interface DeadLetterLine extends Omit<DeadLetterSummary, 'partition' | 'offset'> {
  /** Position in the dlq topic, such as `2@17`. */
  readonly at: string
  /** Time of arrival in the dlq topic, in epoch milliseconds. */
  readonly writtenAtMs: number
}

interface BrokenLine {
  readonly at: string
  readonly writtenAtMs: number
  readonly why: string
  readonly handled: string | null
}

export interface DeadLettersAnswer {
  /** Newest matching dead letters. */
  readonly letters: readonly DeadLetterLine[]
  /** Number of matching dead letters. */
  readonly total: number
  readonly quarantined: number
  readonly broken: readonly BrokenLine[]
  readonly brokenTotal: number
  /**
   * Number of newest records per partition that were searched for handled dead letters; null if the list was read from the index of
   * open dead letters.
   */
  readonly newest: number | null
  /** Number of open dead letters that were removed from the full index to make room for newer ones. */
  readonly left: number
  /** Number of records that have not been read yet. Later responses include them. */
  readonly pending: number
}

/** Number of newest records per partition that are searched for handled dead letters. The index contains only open ones. */
const NEWEST = 4_000
/** Time limit for one response, in milliseconds. Large records are slow to read, so the first responses can be incomplete. */
const LOOK_MS = 2_000
const MAX_LISTED = 200
const MAX_REMEMBERED = 2_000
/** Maximum length of an error in the list. The page of a dead letter shows it in full. */
const MAX_ERROR_LENGTH = 300

const QUERY = {
  ...CONDITIONS,
  state: v.optional(v.picklist(['open', 'handled', 'all'], 'must be open, handled or all'), 'open'),
}

export function declareDeadLetterListRoutes(environment: ConsoleEnvironment) {
  let list: DeadLetterList | undefined
  return {
    '/failures': declareSharedQuery(QUERY, async ({ state, ...conditions }) => {
      list ??= new DeadLetterList(await environment.letters())
      return list.answer(state, toFilter(conditions, Date.now()))
    }),
  }
}

/** Lists dead letters. Records are cached after they have been read, because an open page refreshes every few seconds. */
class DeadLetterList {
  readonly #source: DeadLetterSource
  readonly #open: DeadLetters
  readonly #all: DeadLetters
  /** Rows of the list by position. They do not include the state of running operations. */
  readonly #lines = new Map<string, DeadLetterLine>()

  constructor(source: DeadLetterSource) {
    this.#source = source
    this.#open = new DeadLetters(source)
    this.#all = new DeadLetters(source, { withHandled: true, newest: NEWEST })
  }

  async answer(state: 'open' | 'handled' | 'all', filter: DeadLetterFilter): Promise<DeadLettersAnswer> {
    const isOpen = state === 'open'
    const untilMs = performance.now() + LOOK_MS
    const { rows, left, pending } = await (isOpen ? this.#open : this.#all).look(
      () => performance.now() < untilMs,
    )
    const own = rows.filter(row => state === 'all' || (row.handled !== undefined) === !isOpen).toReversed()
    const letters = own.filter(row => row.kind === 'letter').filter(meets(this.#source.families, filter))
    const broken = own.filter(row => row.kind === 'broken').filter(row => isWritten(row, filter))
    return {
      letters: await this.#readLines(letters.slice(0, MAX_LISTED)),
      total: letters.length,
      quarantined: letters.filter(({ quarantined }) => quarantined).length,
      broken: broken.slice(0, MAX_LISTED).map(row => {
        const { writtenAtMs, why, handled } = row
        return { at: formatPlace(row), writtenAtMs, why, handled: handled ?? null }
      }),
      brokenTotal: broken.length,
      newest: isOpen ? null : NEWEST,
      left,
      pending,
    }
  }

  async #readLines(rows: readonly PlacedDeadLetter[]): Promise<readonly DeadLetterLine[]> {
    const { log, topic } = this.#source
    const unread = rows.filter(row => !this.#lines.has(formatPlace(row)))
    for (const letter of await readDeadLetters(log, topic, unread)) {
      const { partition, offset, ...summary } = toDeadLetterSummary(letter)
      const at = formatPlace(letter)
      const rest = summary.error.length > MAX_ERROR_LENGTH ? '…' : ''
      const error = `${summary.error.slice(0, MAX_ERROR_LENGTH)}${rest}`
      this.#lines.set(at, { at, ...summary, error, writtenAtMs: letter.writtenAtMs })
    }
    const lines = rows.flatMap(row => {
      const line = this.#lines.get(formatPlace(row))
      return line ? [{ ...line, handled: row.handled ?? null }] : []
    })
    for (const at of this.#lines.keys()) {
      if (this.#lines.size <= MAX_REMEMBERED) break
      this.#lines.delete(at)
    }
    return lines
  }
}

/** Returns the meaning of a failure code; null for a code that this version does not define. */
export function findMeaning(code: string): string | null {
  return code in FAILURES ? FAILURES[code as keyof typeof FAILURES].description : null
}
