/** Step 8: builds the response to Lambda. It reports success only for records that are decided and published. */

/** The partial batch response of Kafka event sources. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: { partition: string; offset: number } }[]
}

/** Range of offsets of a partition that were delivered. The records themselves are freed as soon as they are decided. */
interface DeliveredOffsets {
  readonly topic: string
  readonly partition: number
  readonly offsets: readonly number[]
}

/**
 * Outcome of a partition of the batch. `waitsFrom` is the first offset that must be delivered again; absent
 * if all records are done.
 */
export interface PartitionResult {
  readonly batch: DeliveredOffsets
  readonly waitsFrom?: number
}

/**
 * Lists the first undecided or unpublished record of each partition and all records after it. No reading of
 * this response can commit past that record.
 *
 * @param partialResponses whether the mapping has ReportBatchItemFailures; without it, Lambda would ignore the list and commit
 *   the batch, so the handler throws instead
 */
export function respond(results: readonly PartitionResult[], partialResponses: boolean): BatchResponse {
  const deferred = results.filter(({ waitsFrom }) => waitsFrom !== undefined)
  if (deferred.length > 0 && !partialResponses) throw batchDeferred(deferred)
  return {
    batchItemFailures: deferred.flatMap(({ batch, waitsFrom = 0 }) =>
      batch.offsets
        .filter(offset => offset >= waitsFrom)
        .map(offset => ({
          itemIdentifier: { partition: `${batch.topic}-${batch.partition}`, offset },
        })),
    ),
  }
}

function batchDeferred(deferred: readonly PartitionResult[]): Error {
  const places = deferred.map(({ batch, waitsFrom }) => `${batch.topic}/${batch.partition} from ${waitsFrom}`)
  const error = new Error(`the batch stays in Kafka: ${places.join(', ')}`)
  return Object.assign(error, { name: 'BatchDeferred' })
}
