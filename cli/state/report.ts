/** JSON document that `state show --json` prints for partitions. Pure. */
import type { PartitionState } from '../../lib/queries/states/partition-states.ts'
import type { LogBounds } from '../servers/log-bounds.ts'

export interface StateReport {
  readonly consumer: string
  readonly topic: string
  /** Status of Kafka: `answers` if the lag is known, and otherwise the reason why it is unknown. */
  readonly kafka: 'answers' | 'no-topic' | 'away'
  readonly partitions: readonly PartitionState[]
}

export function buildStateReport(
  { consumer, topic }: Pick<StateReport, 'consumer' | 'topic'>,
  bounds: LogBounds,
  states: readonly PartitionState[],
): StateReport {
  return { consumer, topic, kafka: typeof bounds === 'string' ? bounds : 'answers', partitions: states }
}
