/** Says what a plan for topics would do, and what was done. Pure. */
import type { TopicDifference } from '#runtime/operating/kafka'
import type { Applying } from './apply.ts'
import type { TopicCreation, TopicPlan } from './plan.ts'

/** Returns a line for each change, and their numbers. */
export function describePlan(env: string, { creations, changes, refused }: TopicPlan): string[] {
  if (creations.length + changes.length + refused.length === 0)
    return [`The topics of "${env}" match the topic table.`]
  return [
    ...creations.map(creation => `+ ${formatCreation(creation)}`),
    ...changes.map(change => `~ ${formatChange(change)}`),
    ...refused.map(change => `! ${formatChange(change)} is refused: ${change.because}`),
    `${creations.length} to create, ${changes.length} to change, ${refused.length} refused.`,
  ]
}

export function hasChanges({ creations, changes }: TopicPlan): boolean {
  return creations.length + changes.length > 0
}

/** Returns a plan in the form that is used for the filter of an audit event. */
export function toAuditFilter({ creations, changes }: TopicPlan): Readonly<Record<string, string>> {
  return {
    ...(creations.length > 0 && { create: creations.map(({ topic }) => topic).join(', ') }),
    ...(changes.length > 0 && { change: changes.map(formatChange).join(', ') }),
  }
}

function formatCreation({ topic, partitions, replicationFactor }: TopicCreation): string {
  const copies = replicationFactor === undefined ? '' : `, replication.factor ${replicationFactor}`
  return `${topic}: create, partitions ${partitions}${copies}`
}

/** Returns a line such as `sluice.telemetry.events.local: retention.ms 1000 → 2592000000`. */
function formatChange({ topic, setting, found, wanted }: TopicDifference): string {
  return `${topic}: ${setting} ${found} → ${wanted}`
}

export function describeApplied({ created, changed }: Applying): string[] {
  return [
    ...created.map(topic => `Created topic: ${topic}`),
    ...changed.map(change => `Changed ${formatChange(change)}`),
  ]
}

/** Says that changes were refused; undefined if none was. */
export function toRefusedText({ length }: TopicPlan['refused']): string | undefined {
  if (length === 0) return undefined
  return length === 1
    ? '1 change was refused: see the plan.'
    : `${length} changes were refused: see the plan.`
}
