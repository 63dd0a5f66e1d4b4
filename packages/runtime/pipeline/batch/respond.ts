/** Step 8: builds the response to Lambda. A record is successful only if it is decided and its results are published. */

/** The partial batch response of Kafka event sources. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: { partition: string; offset: number } }[]
}

/** Delivered offsets of a partition. The records are not kept, so that their memory can be freed once they are decided. */
interface DeliveredOffsets {
  readonly topic: string
  readonly partition: number
  readonly offsets: readonly number[]
}

/**
 * Outcome for one partition of the batch. `waitsFrom` is the first offset that must be delivered again; it is absent if all records
 * were processed.
 */
export interface PartitionResult {
  readonly batch: DeliveredOffsets
  readonly waitsFrom?: number
}

/**
 * Lists, for each partition, the first undecided or unpublished record and all records after it. Lambda therefore cannot commit an
 * offset after an unprocessed record.
 *
 * @param partialResponses true if the mapping has ReportBatchItemFailures. Without it, Lambda would ignore the list and commit the
 *   batch, so an error is thrown instead.
 */
export function respond(results: readonly PartitionResult[], partialResponses: boolean): BatchResponse {
  const deferred = results.filter(({ waitsFrom }) => waitsFrom !== undefined)
  if (deferred.length > 0 && !partialResponses) throw createBatchDeferred(deferred)
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

function createBatchDeferred(deferred: readonly PartitionResult[]): Error {
  const places = deferred.map(({ batch, waitsFrom }) => `${batch.topic}/${batch.partition} from ${waitsFrom}`)
  const error = new Error(`the batch stays in Kafka: ${places.join(', ')}`)
  return Object.assign(error, { name: 'BatchDeferred' })
}
