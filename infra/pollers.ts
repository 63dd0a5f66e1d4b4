/** Pollers of the consumers' topics, and their costs. Pure. */

import { type DeclaredFunction, isConsumer } from '../lib/app/functions.ts'
import { tableSignalOf, topicRow } from '../lib/app/topics.ts'
import type { DeploymentPlace } from './account.ts'

type Polled = Pick<DeclaredFunction, 'consumes' | 'foreignTopics' | 'reading'>
type PollersPlace = Pick<DeploymentPlace, 'env' | 'pollers'>

/**
 * Returns the fields of an event by which its topic is polled. Partial responses are only read by provisioned pollers, so only
 * these ask for them. The msk trigger's plugin reports the same field to the function; without partial responses the function
 * throws, and its batch is delivered again. @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
 */
export function pollerFields(declared: Polled, { env, pollers }: PollersPlace): object {
  if (pollers === 'on-demand') return {}
  return {
    functionResponseType: 'ReportBatchItemFailures',
    provisionedPollerConfig: {
      minimumPollers: 1,
      maximumPollers: declared.reading.maximumPollers,
      pollerGroupName: groupOf(declared, env),
    },
  }
}

/** Mappings of a group share what they are billed for. The stream of readings has a group of its own, so that it slows no other. */
function groupOf({ consumes }: Polled, env: string): string {
  return `sluice-${env}-${consumes.some(one => tableSignalOf(one) === 'readings') ? 'readings' : 'others'}`
}

/** Values of AWS's own example on the page above: a unit's throughput, its pollers, and its price in us-east-1. */
const UNIT = { megabytesPerSecond: 20, pollers: 10, dollarsPerHour: 0.185 } as const
const POLLER_MEGABYTES_PER_SECOND = 5
const HOURS_PER_MONTH = 730

/** Event poller units, which AWS bills by the hour. */
interface PollerUnits {
  readonly mappings: number
  readonly groups: number
  /** Number of pollers at rest. */
  readonly least: number
  /** While every poller that there may be reads all that it can. */
  readonly most: number
}

/** @param functions those that are deployed */
export function pollerUnits(functions: readonly DeclaredFunction[], env: string): PollerUnits {
  const groups = new Map<string, { mappings: number; most: number }>()
  for (const declared of functions.filter(isConsumer)) {
    const name = groupOf(declared, env)
    const group = groups.get(name) ?? { mappings: 0, most: 0 }
    group.mappings += topicsOf(declared).length
    group.most += mostPollers(declared)
    groups.set(name, group)
  }
  const all = [...groups.values()]
  const sum = (units: (group: (typeof all)[number]) => number) => all.reduce((so, one) => so + units(one), 0)
  return {
    mappings: sum(({ mappings }) => mappings),
    groups: all.length,
    least: sum(({ mappings }) => Math.ceil(mappings / UNIT.pollers)),
    most: sum(({ most }) => Math.ceil((most * POLLER_MEGABYTES_PER_SECOND) / UNIT.megabytesPerSecond)),
  }
}

function topicsOf({ consumes, foreignTopics }: DeclaredFunction): readonly string[] {
  return [...consumes, ...foreignTopics]
}

/** Lambda starts no more than a topic has partitions. How many a topic of others has is not known here. */
function mostPollers({ consumes, foreignTopics, reading }: DeclaredFunction): number {
  const { maximumPollers } = reading
  const own = consumes.map(signal => Math.min(maximumPollers, topicRow(signal).partitions))
  return own.reduce((sum, pollers) => sum + pollers, maximumPollers * foreignTopics.length)
}

/** One line that says what the pollers cost each month. */
export function pollerNotice(functions: readonly DeclaredFunction[], { env, pollers }: PollersPlace): string {
  const { mappings, groups, least, most } = pollerUnits(functions, env)
  if (pollers === 'on-demand')
    return `Pollers: ${mappings} event source mappings on demand, at no cost of their own, without partial batch responses.`
  const monthly = (units: number) =>
    `$${Math.round(units * UNIT.dollarsPerHour * HOURS_PER_MONTH).toLocaleString('en')}`
  return (
    `Pollers: ${mappings} event source mappings in ${groups} groups need ${least} event poller units at rest, ${monthly(least)} a month, ` +
    `and at most ${most}, ${monthly(most)} (us-east-1: $${UNIT.dollarsPerHour} an hour each). A stage with pollers: 'on-demand' in ` +
    'infra/stages.ts does without.'
  )
}
