import { RefusedByKafka } from '../../../packages/runtime/adapters/kafka/errors.ts'
import { PartitionStopped, RecordRefused, Unavailable } from '../../../packages/runtime/pipeline/errors.ts'
import { TopicReplaced } from './topics.ts'

const EXPECTED = [Unavailable, RecordRefused, RefusedByKafka, PartitionStopped, TopicReplaced]

/** Returns whether an error has an external cause and a message for users. Any other error is a bug in Sluice. */
export function isExpected(error: unknown): error is Error {
  return EXPECTED.some(kind => error instanceof kind)
}
