/** Reads the log of a running consumer again, to compare the result with the consumer's state or to compute an earlier state. */
import { setTimeout as pause } from 'node:timers/promises'
import { MemoryStateStore } from '#runtime/adapters/memory/state-store.ts'
import { RedisLiveStates } from '#runtime/adapters/redis/live-states.ts'
import { RedisSkippedRecords } from '#runtime/adapters/redis/skipped-records.ts'
import { CopyStopped, PartitionStopped } from '#runtime/pipeline/errors.ts'
import type { Verifying } from '#runtime/pipeline/verifying/index.ts'
import type { Environment as Variables } from '#runtime/settings/index.ts'
import {
  type LivePartition,
  listLivePartitions,
  requireDeployedVersion,
} from '../../lib/operations/reprocess/plan.ts'
import { selectStateKeys } from '../../lib/operations/state-keys.ts'
import type { TopicReach } from '../../lib/queries/kafka/topics.ts'
import type { Environment } from '../../lib/questions/environment.ts'
import { CliFailure, StoppedByUser } from '../failure.ts'
import { readReach } from '../servers/topics.ts'
import type { Terminal } from '../terminal.ts'
import { computeVersions, loadConsumer } from './consumer.ts'

export interface Rereader {
  readonly work: Omit<Verifying, 'onRead'>
  readonly partitions: readonly LivePartition[]
  readonly reach: TopicReach
}

export interface VerifySelection {
  readonly consumer: string
  /** Full name of the topic. */
  readonly topic: string
  readonly partition?: number
}

/**
 * Prepares for reading the log again.
 *
 * @throws CliFailure if the deployed version was not built from these sources, or if there is nothing to read
 */
export async function createRereader(
  environment: Environment,
  selection: VerifySelection,
  variables: Variables,
  terminal: Terminal,
): Promise<Rereader> {
  const { config, connections } = environment
  const client = await connections.redis()
  const reach = await readReach(environment, selection.topic)
  const live = new RedisLiveStates(client)
  const partitions = await listLivePartitions(live, selectStateKeys(selection, config, reach.bounds.length))
  const consumer = await loadConsumer(selection.consumer, variables)
  requireDeployedVersion(partitions, await computeVersions(selection.consumer), consumer)
  const skipped = new RedisSkippedRecords(client)
  const memory = () => new MemoryStateStore(skipped)
  const log = await connections.log()
  const work = { consumer, live, log, memory, pause, nowMs: Date.now, stop: terminal.stop }
  return { work, partitions, reach }
}

const KNOWN = [CopyStopped, PartitionStopped]

/** Converts an error about the log or the states to an error with a message for users. Other errors are returned unchanged. */
export function rereadingFailure(error: unknown, { stop }: Terminal): unknown {
  if (stop.aborted) return new StoppedByUser()
  return KNOWN.some(known => error instanceof known)
    ? new CliFailure(`Nothing was compared: ${(error as Error).message}.`, 1, { cause: error })
    : error
}
