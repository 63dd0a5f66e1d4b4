/** Topics and groups, as several Kafka routes show them. */
import type { ClusterInspection } from '#runtime/adapters/kafka/cluster-inspection.ts'
import type { ClusterTopic } from '../../../lib/queries/kafka/cluster.ts'
import type { GroupLag } from '../../../lib/queries/kafka/consumer-groups.ts'
import { type GroupState, judgeGroup } from '../../../lib/questions/groups.ts'
import { listClusterTopics } from '../../../lib/questions/kafka.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../../http/problem.ts'

/** Returns one topic. @throws ProblemError for an unknown topic, RefusedByKafka or Unavailable */
export async function requireTopic(cluster: ClusterInspection, name: string): Promise<ClusterTopic> {
  const description = (await listClusterTopics(cluster)).find(({ topic }) => topic === name)
  if (description) return description
  throw new ProblemError('not-found', `Kafka has no topic ${name}. See the list of topics.`)
}

export interface GroupSummary extends GroupState {
  readonly group: string
  /** Function that uses this group; null for a group of another application. */
  readonly function: string | null
  readonly members: number
  readonly pending: number
}

export function summarizeGroup(
  environment: ConsoleEnvironment,
  { group, state, members, pending }: GroupLag,
): GroupSummary {
  return {
    group,
    function: environment.findFunction(group),
    ...judgeGroup(state, pending),
    members: members.length,
    pending,
  }
}
