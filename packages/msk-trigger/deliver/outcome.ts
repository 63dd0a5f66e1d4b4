import type { Mapping } from '../config/mappings.ts'
import { partitionName } from '../invoke/event.ts'
import { isObject, show } from '../support/config-values.ts'
import {
  describe,
  filterRecords,
  type PartitionRecords,
  type WithOffset,
} from '../support/partition-records.ts'

/** Outcome of an invocation: the records that must be delivered again. All other records of the batch are done. */
export interface InvocationOutcome<R extends WithOffset> {
  /** Records to redeliver. */
  readonly again: readonly PartitionRecords<R>[]
  /** Records that a partial response has reported as failed; absent if the whole batch is redelivered. */
  readonly reported?: readonly PartitionRecords<R>[]
  readonly reason?: string
  /** True if nothing was sent, because the runtime refuses the handler. Then no attempt was made. */
  readonly isRefused?: boolean
  readonly warning?: string
}

export interface AnswerOptions {
  readonly topic: string
  /** True if `ReportBatchItemFailures` is set. */
  readonly reportsFailures: boolean
  readonly afterPartialResponse: Mapping['afterPartialResponse']
}

/**
 * Returns the outcome after a function error, a timeout or an invalid response: the whole batch is
 * redelivered. See rules 22 and 23 in `RULES.md`.
 */
export function retryWholeBatch<R extends WithOffset>(
  parts: readonly PartitionRecords<R>[],
  reason: string,
): InvocationOutcome<R> {
  return { again: parts, reason }
}

/**
 * Evaluates the return value of a handler. Without `ReportBatchItemFailures` it is ignored (rule 33 in `RULES.md`). With it, an
 * empty response, null, `{}` and an empty list mean success, and an invalid response redelivers the whole batch (rules 30 and 31).
 */
export function readAnswer<R extends WithOffset>(
  parts: readonly PartitionRecords<R>[],
  answer: unknown,
  reading: AnswerOptions,
): InvocationOutcome<R> {
  if (!reading.reportsFailures) return { again: [], ...warningOfIgnored(answer) }
  if (answer == null) return { again: [] }
  if (!isObject(answer)) return retryWholeBatch(parts, `it returned ${brief(answer)}, not batchItemFailures`)
  const { batchItemFailures: failures } = answer
  if (failures == null) return { again: [] }
  if (!Array.isArray(failures))
    return retryWholeBatch(parts, `batchItemFailures is ${brief(failures)}, not a list`)
  return partial(parts, failures, reading)
}

function warningOfIgnored(answer: unknown): { warning?: string } {
  const failures = isObject(answer) ? answer.batchItemFailures : undefined
  if (!Array.isArray(failures) || failures.length === 0) return {}
  const warning =
    `it returned batchItemFailures, but its event lacks functionResponseType: ReportBatchItemFailures. ` +
    'The list is ignored and the batch is committed, as in the cloud'
  return { warning }
}

function partial<R extends WithOffset>(
  parts: readonly PartitionRecords<R>[],
  failures: readonly unknown[],
  { topic, afterPartialResponse }: AnswerOptions,
): InvocationOutcome<R> {
  const byName = new Map(parts.map(part => [partitionName(topic, part.partition), part]))
  const failed = new Map<number, Set<number>>()
  for (const failure of failures) {
    const item = isObject(failure) && isObject(failure.itemIdentifier) ? failure.itemIdentifier : {}
    const part = byName.get(item.partition as string)
    const { offset } = item
    if (!part || typeof offset !== 'number' || !part.records.some(record => record.offset === offset)) {
      const [sample = ''] = byName.keys()
      const right = `{ itemIdentifier: { partition: "${sample}", offset: 12 } }`
      return retryWholeBatch(
        parts,
        `batchItemFailures names ${brief(failure)}, which is not a partition and offset of this batch, like ${right}`,
      )
    }
    const offsets = failed.get(part.partition) ?? new Set()
    failed.set(part.partition, offsets.add(offset))
  }
  const reported = filterRecords(
    parts,
    ({ offset }, partition) => failed.get(partition)?.has(offset) === true,
  )
  const again = afterPartialResponse === 'retry-only-failed' ? reported : fromFirst(parts, failed)
  if (again.length === 0) return { again }
  const reason = `it reported ${describe(reported, partition => partitionName(topic, partition))}`
  return { again, reported, reason }
}

/** Returns, for each partition, the first failed record and all records after it. */
function fromFirst<R extends WithOffset>(
  parts: readonly PartitionRecords<R>[],
  failed: ReadonlyMap<number, ReadonlySet<number>>,
): PartitionRecords<R>[] {
  const first = new Map([...failed].map(([partition, offsets]) => [partition, Math.min(...offsets)]))
  return filterRecords(
    parts,
    ({ offset }, partition) => offset >= (first.get(partition) ?? Number.POSITIVE_INFINITY),
  )
}

function brief(value: unknown): string {
  const text = show(value) ?? String(value)
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}
