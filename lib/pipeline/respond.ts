/** Step 8: what Lambda is told. Success only for what is decided and published. */
import type { PartitionBatch } from './receive.ts'

/** The partial batch response of Kafka event sources. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: { partition: string; offset: number } }[]
}

/** How a partition of the batch ended: done, or waiting from an offset on. */
export interface PartitionResult {
  readonly batch: PartitionBatch
  readonly waitsFrom?: number
}

/** Thrown where the mapping would not read a list of failures: then only an error brings the batch back. */
class BatchHeld extends Error {
  constructor(held: readonly PartitionResult[]) {
    const places = held.map(({ batch, waitsFrom }) => `${batch.topic}/${batch.partition} from ${waitsFrom}`)
    super(`the batch stays in Kafka: ${places.join(', ')}`)
    this.name = 'BatchHeld'
  }
}

/**
 * Names each record from the first undecided or unpublished one of its partition on, with every later one, so that no
 * reading of the response can commit past it.
 *
 * @param partialResponses whether the mapping has ReportBatchItemFailures; without it, a list is ignored and the batch
 *   committed, so there the handler throws
 */
export function respond(results: readonly PartitionResult[], partialResponses: boolean): BatchResponse {
  const held = results.filter(({ waitsFrom }) => waitsFrom !== undefined)
  if (held.length > 0 && !partialResponses) throw new BatchHeld(held)
  return {
    batchItemFailures: held.flatMap(({ batch, waitsFrom = 0 }) =>
      batch.records
        .filter(({ offset }) => offset >= waitsFrom)
        .map(({ offset }) => ({
          itemIdentifier: { partition: `${batch.topic}-${batch.partition}`, offset },
        })),
    ),
  }
}
