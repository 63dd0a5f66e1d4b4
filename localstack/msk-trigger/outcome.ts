import { partitionName } from './event.ts'
import type { OpenChoices } from './open-choices.ts'
import { describe, type Numbered, type Part, pick } from './parts.ts'
import { isObject, show } from './values.ts'

/** What an invocation decided about its records. Those that do not come again are done. */
export interface Outcome<R extends Numbered> {
  /** What is delivered again. */
  readonly again: readonly Part<R>[]
  /** What a partial response named. Absent where the whole batch comes again. */
  readonly reported?: readonly Part<R>[]
  /** Why it is delivered again. */
  readonly reason?: string
  readonly warning?: string
}

/** How to read an answer. */
export interface Reading {
  readonly topic: string
  /** `ReportBatchItemFailures` is set. */
  readonly reportsFailures: boolean
  readonly open: Pick<OpenChoices, 'afterPartialResponse' | 'partialResponseKey'>
}

/** Rules 22, 23: after a function error, a timeout or an unusable answer the whole batch comes again. */
export function wholeBatchAgain<R extends Numbered>(parts: readonly Part<R>[], reason: string): Outcome<R> {
  return { again: parts, reason }
}

/**
 * Reads what a handler returned. Without `ReportBatchItemFailures` an answer is ignored, whatever it says
 * (rule 33). With it (rules 30, 31): nothing, null, `{}` and an empty list are success; an answer that cannot be
 * understood, or that names what was not in the event, gives the whole batch again.
 *
 * AWS leaves open what becomes of the records behind a failed one; the setting `afterPartialResponse` decides.
 */
export function judgeAnswer<R extends Numbered>(
  parts: readonly Part<R>[],
  answer: unknown,
  reading: Reading,
): Outcome<R> {
  if (!reading.reportsFailures) return { again: [], ...warningOfIgnored(answer) }
  if (answer == null) return { again: [] }
  if (!isObject(answer)) return wholeBatchAgain(parts, `it returned ${brief(answer)}, not batchItemFailures`)
  const { batchItemFailures: failures } = answer
  if (failures == null) return { again: [] }
  if (!Array.isArray(failures))
    return wholeBatchAgain(parts, `batchItemFailures is ${brief(failures)}, not a list`)
  return partial(parts, failures, reading)
}

function warningOfIgnored(answer: unknown): { warning?: string } {
  const isIgnored =
    isObject(answer) && Array.isArray(answer.batchItemFailures) && answer.batchItemFailures.length > 0
  if (!isIgnored) return {}
  const warning =
    'it returned batchItemFailures, but its event lacks functionResponseType: ReportBatchItemFailures. ' +
    'The list is ignored and the batch is committed, as in the cloud'
  return { warning }
}

function partial<R extends Numbered>(
  parts: readonly Part<R>[],
  failures: readonly unknown[],
  { topic, open }: Reading,
): Outcome<R> {
  const byName = new Map(parts.map(part => [partitionName(topic, part.partition), part]))
  const failed = new Map<number, Set<number>>()
  let isOldKey = false
  for (const failure of failures) {
    const item = isObject(failure) && isObject(failure.itemIdentifier) ? failure.itemIdentifier : {}
    isOldKey ||= item.partition === undefined && item['topic-partition'] !== undefined
    const acceptsOld = isOldKey && open.partialResponseKey === 'either'
    const part = byName.get((acceptsOld ? item['topic-partition'] : item.partition) as string)
    const { offset } = item
    if (!part || typeof offset !== 'number' || !part.records.some(record => record.offset === offset)) {
      return wholeBatchAgain(parts, `batchItemFailures names ${brief(failure)}, ${whatIsWrong(item)}`)
    }
    const offsets = failed.get(part.partition) ?? new Set()
    failed.set(part.partition, offsets.add(offset))
  }
  const reported = pick(parts, ({ offset }, partition) => failed.get(partition)?.has(offset) === true)
  const again = open.afterPartialResponse === 'retry-only-failed' ? reported : fromFirst(parts, failed)
  if (again.length === 0) return { again }
  const warning = 'it names a partition as "topic-partition", the spelling of an older page: use "partition"'
  const reason = `it reported ${describe(reported, partition => partitionName(topic, partition))}`
  return { again, reported, reason, ...(isOldKey && { warning }) }
}

/** Each partition from its first failed record on, the later ones included. */
function fromFirst<R extends Numbered>(
  parts: readonly Part<R>[],
  failed: ReadonlyMap<number, ReadonlySet<number>>,
): Part<R>[] {
  const first = new Map([...failed].map(([partition, offsets]) => [partition, Math.min(...offsets)]))
  return pick(parts, ({ offset }, partition) => offset >= (first.get(partition) ?? Number.POSITIVE_INFINITY))
}

function whatIsWrong(item: Readonly<Record<string, unknown>>): string {
  if (item.partition === undefined && item['topic-partition'] !== undefined) {
    return 'where an older page of the documentation has "topic-partition": it is "partition" now'
  }
  return 'which is not a partition and offset of this batch'
}

function brief(value: unknown): string {
  const text = show(value) ?? String(value)
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}
