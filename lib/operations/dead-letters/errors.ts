import { RefusedByKafka } from '../../../packages/runtime/adapters/kafka/errors.ts'
import { PartitionStopped, RecordRefused, Unavailable } from '../../../packages/runtime/pipeline/errors.ts'
import { TopicReplaced } from './topics.ts'

const EXPECTED = [Unavailable, RecordRefused, RefusedByKafka, PartitionStopped, TopicReplaced]

/** Whether an error that ends an operation early is one of its surroundings, whose message is for people; any other is a fault of Sluice. */
export function isExpected(error: unknown): error is Error {
  return EXPECTED.some(kind => error instanceof kind)
}
