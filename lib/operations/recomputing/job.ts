/** Parts that are needed to decide the log of a consumer again: its code, its states, the part of the log, and the records that were skipped. */
import { setTimeout as pause } from 'node:timers/promises'
import { type RedisClient, RedisReplaceableStates } from '#runtime/operating/redis'
import { RedisSkippedRecords } from '#runtime/operating/states'
import {
  type AnyKeyedProcess,
  type Consumer,
  CopyStopped,
  computeCode,
  type LogReader,
  PartitionStopped,
  type SkippedRecords,
  Unavailable,
} from '#runtime/pipeline'
import { withTimeout } from '../../diagnosis/observe.ts'
import { findTopicReach, type TopicReach } from '../../queries/kafka/topics.ts'
import type { Environment } from '../../questions/environment.ts'
import { missingTopic } from '../../questions/kafka.ts'
import type { Project } from '../operation.ts'
import { type StateSelection, selectStateKeys } from '../state-keys.ts'
import { type LivePartition, listLivePartitions, requireDeployedVersion } from './deployed-code.ts'

export interface Job {
  readonly consumer: Consumer<AnyKeyedProcess>
  /** Code that has computed the live states, see `computeCode`. */
  readonly code: string
  readonly client: RedisClient
  readonly live: RedisReplaceableStates
  readonly skipped: SkippedRecords
  readonly log: LogReader
  readonly partitions: readonly LivePartition[]
  readonly reach: TopicReach
  readonly pause: (ms: number) => Promise<void>
  readonly nowMs: () => number
}

/**
 * Prepares to decide the log again.
 *
 * @param selection consumer, and full name of its topic
 * @param timeMs time for which the first offsets are looked up, if any
 * @throws Failure if the deployed version was not built from the sources of the project, or if there is nothing to read
 */
export async function prepareJob(
  environment: Environment,
  project: Pick<Project, 'loadConsumer' | 'computeVersions'>,
  selection: StateSelection,
  timeMs?: number,
): Promise<Job> {
  const { config, connections } = environment
  const client = await connections.redis()
  const { topic } = selection
  const reach = await withTimeout(findTopicReach(await environment.offsets(), topic, timeMs))
  if (!reach) throw missingTopic(config, topic)
  const live = new RedisReplaceableStates(client)
  const partitions = await listLivePartitions(live, selectStateKeys(selection, config, reach.bounds.length))
  const consumer = await project.loadConsumer(selection.consumer)
  const versions = await project.computeVersions(selection.consumer)
  return {
    code: computeCode(requireDeployedVersion(partitions, versions, consumer), consumer),
    ...{ consumer, client, live, partitions, reach },
    skipped: new RedisSkippedRecords(client),
    log: await connections.log(),
    pause,
    nowMs: Date.now,
  }
}

/** Returns whether an error says why a log cannot be decided again. */
export function isRecomputingError(error: unknown): error is Error {
  return [CopyStopped, PartitionStopped, Unavailable].some(known => error instanceof known)
}
