/** Consumers of this project, according to serverless.yml. */

import { readFunctions } from '../../control/environment/function-entries.ts'
import { getConsumerName, listConsumers, writesSegments } from '../../control/environment/functions.ts'
import type { Signal } from '../../lib/app/naming/topic-table.ts'

const FUNCTIONS = readFunctions()
/** Functions that decide each record of our topics when they receive it. The archiver leaves the last records of a partition undecided. */
const DECIDING = FUNCTIONS.filter(declared => declared.consumes.length > 0 && !writesSegments(declared))

export const CONSUMERS_OF_READINGS = listConsumers(DECIDING, 'readings')

/** Returns the topics that a consumer reads. */
export function listTopics(consumer: string): readonly Signal[] {
  const signals = FUNCTIONS.filter(entry => getConsumerName(entry) === consumer).flatMap(
    entry => entry.consumes,
  )
  if (signals.length === 0) throw new Error(`serverless.yml has no consumer ${consumer}`)
  return signals
}

/**
 * Returns the consumers in groups. Each group reads only topics to which earlier groups or the group itself write. Consumers of
 * readings come first, and consumers of failures last.
 */
export function consumersDownstream(): string[][] {
  const [first, last] = [listConsumers(DECIDING, 'readings'), listConsumers(DECIDING, 'failures')]
  const second = listConsumers(DECIDING, 'alerts').filter(name => !first.includes(name))
  const named = [...first, ...second, ...last]
  const between = listConsumers(DECIDING).filter(name => !named.includes(name))
  return [first, second, between, last]
}

/** Returns the number of records that a consumer has processed without failure. Ignored records are counted too. */
export function taken(tally: Readonly<Record<string, number>>): number {
  return Object.entries(tally).reduce(
    (sum, [name, count]) => sum + (/^(applied\/|ignored\/not-mine$)/.test(name) ? count : 0),
    0,
  )
}
