/** JSON document that `state show --json` prints for partitions. Pure. */
import type { PartitionState } from '../../lib/queries/partition-states.ts'
import type { LogBounds } from './log.ts'

export interface StateReport {
  readonly consumer: string
  readonly topic: string
  /** Reason why the lag is unknown; `answers` if it is known. */
  readonly kafka: 'answers' | 'no-topic' | 'away'
  readonly partitions: readonly PartitionState[]
}

export function stateReport(
  { consumer, topic }: Pick<StateReport, 'consumer' | 'topic'>,
  bounds: LogBounds,
  states: readonly PartitionState[],
): StateReport {
  return { consumer, topic, kafka: typeof bounds === 'string' ? bounds : 'answers', partitions: states }
}
