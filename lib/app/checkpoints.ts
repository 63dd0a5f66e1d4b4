/** Implements the scheduled function `checkpoints`, which copies partition states to a bucket and reports the result. */

import type { Connections } from '../../packages/runtime/lambda/connections.ts'
import type { Scheduled } from '../../packages/runtime/lambda/scheduled.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import type { PartitionStates } from '../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { type NotTaken, takeCheckpoints } from '../../packages/runtime/pipeline/recovery/take-checkpoints.ts'
import { report } from './metrics.ts'
import type { CheckpointConsumers, CheckpointSettings, GeneralSettings } from './settings/index.ts'
import { topicName, topicRow } from './topics.ts'

type Settings = CheckpointSettings & CheckpointConsumers & GeneralSettings

/** Minimum remaining time of the invocation, in milliseconds, that is required to start another copy. */
const RESERVE_MS = 20_000

/**
 * Takes a checkpoint of each partition state that has changed since its last checkpoint.
 *
 * @returns number of checkpoints taken, by outcome
 * @throws Error if a state could not be copied. All other states are tried first.
 * @throws Unavailable if Redis or the bucket cannot be reached
 */
export async function takeAllCheckpoints(scheduled: Scheduled<Connections, Settings>): Promise<object> {
  const { config, connections, remainingMs, telemetry } = scheduled
  const recovery = await connections.recovery()
  if (!recovery || !config.checkpoints)
    throw new Error('CHECKPOINT_BUCKET is not set: set it to the bucket for checkpoints')
  const partitionStates = await partitionStatesOf(config, recovery.states)
  const { kept } = config.checkpoints
  const options = { kept, nowMs: Date.now, remainingMs, reserveMs: RESERVE_MS }
  const { notTaken, ...done } = await takeCheckpoints(recovery, partitionStates, options)
  const oldestMs = Math.max(0, ...notTaken.map(({ ageMs }) => ageMs ?? 0))
  report(telemetry, { checkpointAgeSeconds: oldestMs / 1000 })
  for (const one of notTaken)
    telemetry.warn('a partition state has changed and has no new checkpoint', told(one))
  const failed = notTaken.find(({ reason }) => reason === 'failed')
  if (failed) throw failed.error
  return { ...done, notTaken: notTaken.length }
}

function told({ partitionState, reason, ageMs, error }: NotTaken): Record<string, unknown> {
  const age = ageMs === undefined ? {} : { ageSeconds: Math.round(ageMs / 1000) }
  const why = error instanceof Error ? { error: error.name } : {}
  return { kind: 'checkpoint-not-taken', ...partitionState, reason, ...age, ...why }
}

/**
 * Returns the partitions in the topic table and all other partitions that have a state. Kafka is not queried, so checkpoints can be
 * taken while it is down.
 */
async function partitionStatesOf(
  { checkpointConsumers, env }: Settings,
  states: PartitionStates,
): Promise<StateKey[]> {
  const all: StateKey[] = []
  for (const { consumer, signal } of checkpointConsumers) {
    const topic = topicName(signal, env)
    const { partitions } = topicRow(signal)
    for (let partition = 0; ; partition += 1) {
      const partitionState = { consumer, topic, partition }
      if (partition >= partitions && !(await states.take(partitionState))) break
      all.push(partitionState)
    }
  }
  return all
}
