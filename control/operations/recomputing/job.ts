/** Parts that are needed to decide the log of a consumer again: its code, its states, the part of the log, and the records that were skipped. */
import { setTimeout as pause } from 'node:timers/promises'
import type { StateContents, StateFacts } from '#runtime/operating/rebuild'
import { type RedisClient, RedisReplaceableStates } from '#runtime/operating/redis'
import { RedisSkippedRecords } from '#runtime/operating/states'
import {
  type AnyKeyedProcess,
  type Consumer,
  CopyStopped,
  compareCodes,
  computeCode,
  isAbsent,
  type LogReader,
  PartitionStopped,
  type SkippedRecords,
  type StateKey,
  Unavailable,
} from '#runtime/pipeline'
import { findTopicReach, type TopicReach } from '../../../lib/log/topic-bounds.ts'
import { OperationFailure } from '../../../lib/support/operation-failure.ts'
import { withTimeout } from '../../diagnosis/observe.ts'
import type { Environment } from '../../questions/environment.ts'
import { missingTopic } from '../../questions/kafka.ts'
import type { Project } from '../operation.ts'
import { formatStateKey, type StateSelection, selectStateKeys } from '../state-keys.ts'

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
  const { config, connections, nowMs } = environment
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
    ...{ pause, nowMs },
  }
}

/** Returns whether an error says why a log cannot be decided again. */
export function isRecomputingError(error: unknown): error is Error {
  return [CopyStopped, PartitionStopped, Unavailable].some(known => error instanceof known)
}

interface LivePartition {
  readonly state: StateKey
  readonly facts: StateFacts
}

/**
 * Returns the partitions for which the consumer has a state.
 *
 * @throws OperationFailure if the consumer has no states
 */
export async function listLivePartitions(
  live: Pick<StateContents, 'facts'>,
  states: readonly StateKey[],
): Promise<readonly LivePartition[]> {
  const all = await Promise.all(states.map(async state => ({ state, facts: await live.facts(state) })))
  const found = all.filter(({ facts }) => !isAbsent(facts.version))
  const [first] = states
  if (found.length === 0 && first)
    throw new OperationFailure(
      `${first.consumer} has no state of ${first.topic}: check that it is deployed and has processed records, and check --env and --topic.`,
    )
  return found
}

/**
 * Returns the version of the code that computed the live states.
 *
 * @param versions versions of the code in this project
 * @throws OperationFailure if the live states were computed by other code, or with other settings
 */
export function requireDeployedVersion(
  live: readonly LivePartition[],
  versions: ReadonlySet<string>,
  consumer: Consumer<AnyKeyedProcess>,
): string {
  let deployed: string | undefined
  for (const { state, facts } of live) {
    const { code } = facts
    if (code === undefined)
      throw new OperationFailure(
        `${formatStateKey(state)} does not contain the version of its code, because it was dropped, restored or stored by an older version. Try again after its next batch.`,
      )
    const version = code.split('/')[0] as string
    if (!versions.has(version))
      throw new OperationFailure(
        `${formatStateKey(state)} was last updated by version ${version} of the code, but this project has another version ` +
          `(${[...versions].join(', ')}). Nothing was changed: check out the deployed version, or deploy the one that is checked out. Two versions are never mixed.`,
      )
    const own = computeCode(version, consumer)
    if (own !== code && compareCodes(own, code) === 'settings')
      throw new OperationFailure(
        `${state.consumer} runs this code with other settings than this command. Nothing was changed: run the command with the ` +
          "function's ID_WINDOW_SECONDS, FUTURE_TOLERANCE_SECONDS, EARLIEST_TIME, SLUICE_SINCE, LOG_TIME and CONTENT_MODE.",
      )
    deployed ??= version
    if (deployed !== version)
      throw new OperationFailure(
        `Partitions of ${state.consumer} were last updated by two versions, ${deployed} and ${version}: wait until each has processed a batch, or select one with --partition.`,
      )
  }
  return deployed as string
}
