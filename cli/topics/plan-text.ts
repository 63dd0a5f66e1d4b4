/** Formats a plan for topics as text. Pure. */

import type { TopicDifference } from '#runtime/adapters/kafka/application-topics.ts'
import type { RefusedChange, TopicCreation, TopicPlan } from '../../lib/operations/topics/plan.ts'

interface PlanReport extends TopicPlan {
  readonly env: string
}

export function formatPlan(report: PlanReport): string {
  const { env, creations, changes, refused } = report
  if (isEmpty(report)) return `The topics of "${env}" match the topic table.\n`
  return `${[
    ...creations.map(creation => `+ ${formatCreation(creation)}`),
    ...changes.map(change => `~ ${formatChange(change)}`),
    ...refused.map(formatRefused),
    `${creations.length} to create, ${changes.length} to change, ${refused.length} refused.`,
  ].join('\n')}\n`
}

export function isEmpty({ creations, changes, refused }: TopicPlan): boolean {
  return creations.length + changes.length + refused.length === 0
}

function formatCreation({ topic, partitions, replicationFactor }: TopicCreation): string {
  const copies = replicationFactor === undefined ? '' : `, replication.factor ${replicationFactor}`
  return `${topic}: create, partitions ${partitions}${copies}`
}

/** Returns a line such as `sluice.telemetry.events.local: retention.ms 1000 → 2592000000`. */
function formatChange({ topic, setting, found, wanted }: TopicDifference): string {
  return `${topic}: ${setting} ${found} → ${wanted}`
}

function formatRefused(change: RefusedChange): string {
  return `! ${formatChange(change)} is refused: ${change.because}`
}

/** Changes that `topics apply` has made. */
export interface AppliedPlan {
  readonly created: readonly string[]
  readonly changed: readonly TopicDifference[]
}

export function formatApplied({ created, changed }: AppliedPlan): string {
  return [
    ...created.map(topic => `Created topic: ${topic}\n`),
    ...changed.map(change => `Changed ${formatChange(change)}\n`),
  ].join('')
}

/** Returns the final message of `topics apply` if some changes were refused. */
export function describeRefused(refused: readonly RefusedChange[]): string {
  return refused.length === 1
    ? '1 change was refused: see the plan.'
    : `${refused.length} changes were refused: see the plan.`
}
