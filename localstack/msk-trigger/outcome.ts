import { partitionName } from './event.ts'
import { isObject, show } from './values.ts'

/** The records of one partition in a batch, in offset order. */
export interface Part<R extends { readonly offset: number } = { readonly offset: number }> {
  readonly partition: number
  readonly records: readonly R[]
}

/** What an invocation decided about its batch. */
export interface Outcome<R extends { readonly offset: number }> {
  /** The offsets to commit: the last one processed + 1. Rule 21. */
  readonly commits: readonly { readonly partition: number; readonly offset: number }[]
  /** What is delivered again. */
  readonly again: readonly Part<R>[]
  /** Why it is delivered again. */
  readonly reason?: string
  readonly warning?: string
}

/** Rules 22, 23: after a function error, a timeout or an unusable answer the whole batch comes again. */
export function wholeBatchAgain<R extends { readonly offset: number }>(
  parts: readonly Part<R>[],
  reason: string,
): Outcome<R> {
  return { commits: [], again: parts, reason }
}

/**
 * Reads what a handler returned. Without `ReportBatchItemFailures` an answer is ignored, whatever it says
 * (rule 33). With it (rules 30, 31): nothing, null, `{}` and an empty list are success; an answer that cannot be
 * understood, or that names what was not in the event, gives the whole batch again.
 *
 * AWS leaves open what becomes of the records behind a failed one. The harder reading is taken: the partition is
 * committed up to its first failed record and delivered again from there on, the later ones included.
 */
export function judgeAnswer<R extends { readonly offset: number }>(
  topic: string,
  parts: readonly Part<R>[],
  answer: unknown,
  reportsFailures: boolean,
): Outcome<R> {
  if (!reportsFailures) {
    const ignored =
      isObject(answer) && Array.isArray(answer.batchItemFailures) && answer.batchItemFailures.length > 0
    const warning =
      'it returned batchItemFailures, but its event lacks functionResponseType: ReportBatchItemFailures. ' +
      'The list is ignored and the batch is committed, as in the cloud'
    return { ...success(parts), ...(ignored && { warning }) }
  }
  if (answer == null) return success(parts)
  if (!isObject(answer)) return wholeBatchAgain(parts, `it returned ${brief(answer)}, not batchItemFailures`)
  const { batchItemFailures: failures } = answer
  if (failures == null) return success(parts)
  if (!Array.isArray(failures))
    return wholeBatchAgain(parts, `batchItemFailures is ${brief(failures)}, not a list`)
  return partial(topic, parts, failures)
}

function success<R extends { readonly offset: number }>(parts: readonly Part<R>[]): Outcome<R> {
  return { commits: parts.flatMap(part => commitOf(part.partition, part.records)), again: [] }
}

function partial<R extends { readonly offset: number }>(
  topic: string,
  parts: readonly Part<R>[],
  failures: readonly unknown[],
): Outcome<R> {
  const byName = new Map(parts.map(part => [partitionName(topic, part.partition), part]))
  const firstFailed = new Map<Part<R>, number>()
  for (const failure of failures) {
    const item = isObject(failure) && isObject(failure.itemIdentifier) ? failure.itemIdentifier : {}
    const part = byName.get(item.partition as string)
    const offset = item.offset
    if (!part || typeof offset !== 'number' || !part.records.some(record => record.offset === offset)) {
      return wholeBatchAgain(parts, `batchItemFailures names ${brief(failure)}, ${whatIsWrong(item)}`)
    }
    firstFailed.set(part, Math.min(offset, firstFailed.get(part) ?? offset))
  }
  const commits: { partition: number; offset: number }[] = []
  const again: Part<R>[] = []
  for (const part of parts) {
    const from = firstFailed.get(part) ?? Number.POSITIVE_INFINITY
    commits.push(
      ...commitOf(
        part.partition,
        part.records.filter(record => record.offset < from),
      ),
    )
    const records = part.records.filter(record => record.offset >= from)
    if (records.length > 0) again.push({ partition: part.partition, records })
  }
  return again.length === 0
    ? { commits, again }
    : { commits, again, reason: `it reported ${names(topic, again)}` }
}

function commitOf(partition: number, records: readonly { readonly offset: number }[]) {
  const last = records.at(-1)
  return last ? [{ partition, offset: last.offset + 1 }] : []
}

function names(topic: string, again: readonly Part[]): string {
  return again
    .map(part => `${partitionName(topic, part.partition)} from ${part.records[0]?.offset}`)
    .join(', ')
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
