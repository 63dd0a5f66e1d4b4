/** The list of dead letters, and how many there are of what. */
import type { Hono } from 'hono'
import * as v from 'valibot'
import {
  type CountedDeadLetters,
  countedLetters,
  histogram,
} from '../../../lib/queries/dead-letter-counts.ts'
import type { DeadLetterFilter, DeadLetterSummary } from '../../../lib/queries/dead-letters.ts'
import { DeadLetterWatch, type RecentDeadLetters } from '../../../lib/queries/recent-dead-letters.ts'
import { topicBounds } from '../../../lib/queries/topics.ts'
import { FAILURES } from '../../../packages/runtime/consumer/failure-codes.ts'
import type { ConsoleHono } from '../../access/person.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { watchable } from '../../live/watchable.ts'
import { CONDITIONS, filterFrom } from './conditions.ts'

export interface LetterLine extends Omit<DeadLetterSummary, 'partition' | 'offset'> {
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

export interface LettersAnswer {
  /** The newest that meet the conditions. */
  readonly letters: readonly LetterLine[]
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
  /** How many records of the topic were looked at, the newest, and whether these are all. */
  readonly records: number
  readonly isWhole: boolean
  /** How many records are still to be looked at: the next answer knows of them. */
  readonly pending: number
}

/** Of each partition; the newest. Older letters are reached by their places, and by operations. */
const LOOKED_AT = 4_000
/** Large records take long to read: an answer that knows a part comes first. */
const LOOK_MS = 2_000
const MOST_LISTED = 200
const PARTS = 60
/** A second for each part. */
const SHORTEST_MS = PARTS * 1_000

const QUERY = v.object({
  ...CONDITIONS,
  state: v.optional(v.picklist(['open', 'quarantined', 'handled', 'all'], 'must be a state'), 'open'),
})

export function addLetters(routes: Hono<ConsoleHono>, environment: ConsoleEnvironment): void {
  const watch = new DeadLetterWatch(LOOKED_AT)
  watchable(routes, '/', { query: QUERY, everyMs: 3_000, environment }, async ({ state, ...conditions }) => {
    const topic = environment.topic('dlq')
    const bounds = async () => topicBounds(await environment.offsets(), topic)
    const untilMs = performance.now() + LOOK_MS
    const inTime = () => performance.now() < untilMs
    const recent = await watch.look(await environment.log(), topic, bounds, inTime)
    const filter = filterFrom(conditions, Date.now())
    return lettersAnswer(recent, countedLetters(recent.letters, filter, state), filter, Date.now())
  })
}

/** Pure. */
function lettersAnswer(
  { letters: all, records, isWhole, pending }: RecentDeadLetters,
  { letters, broken, codes, consumers }: CountedDeadLetters,
  { sinceMs, untilMs }: DeadLetterFilter,
  nowMs: number,
): LettersAnswer {
  const toMs = untilMs ?? roundUp(nowMs)
  const oldestMs = all.at(-1)?.writtenAtMs ?? toMs
  const fromMs = Math.min(sinceMs ?? oldestMs, toMs - SHORTEST_MS)
  const timesMs = letters.map(({ writtenAtMs }) => writtenAtMs)
  return {
    letters: letters.slice(0, MOST_LISTED).map(lineOf),
    total: letters.length,
    quarantined: letters.filter(({ quarantined }) => quarantined).length,
    broken: broken.slice(0, MOST_LISTED).map(({ partition, offset, writtenAtMs, why, handled }) => {
      return { at: `${partition}@${offset}`, writtenAtMs, why, handled }
    }),
    brokenTotal: broken.length,
    codes: Object.entries(codes).map(([name, count]) => ({ name, count, means: meaningOf(name) })),
    consumers: Object.entries(consumers).map(([name, count]) => ({ name, count })),
    times: { fromMs, toMs, counts: histogram(timesMs, { fromMs, toMs, parts: PARTS }) },
    records,
    isWhole,
    pending,
  }
}

function lineOf({
  partition,
  offset,
  kind: _,
  ...letter
}: CountedDeadLetters['letters'][number]): LetterLine {
  return { at: `${partition}@${offset}`, ...letter }
}

/** What a failure code means; null for one that this version does not know. */
export function meaningOf(code: string): string | null {
  return code in FAILURES ? FAILURES[code as keyof typeof FAILURES].description : null
}

/** To ten seconds: an answer in which nothing has changed is not sent again. */
function roundUp(ms: number): number {
  return Math.ceil(ms / 10_000) * 10_000
}
