/** The flow through the environment, as a person follows it: from the topics that come in to the results that people get. Pure. */

import type { ReadTopic } from '../../../control/environment/functions.ts'
import { type DeclaredFunction, readsInputRedrives } from '../../../control/environment/functions.ts'
import type { Signal } from '../../../lib/app/naming/topic-table.ts'

/** Functions with one result for people. Topics between these functions are not shown. */
export interface Lane {
  readonly title: string
  /** Page of the console that shows the result; absent if none does. */
  readonly page?: string
  /** True for failed records, which no one wants. */
  readonly isFailure: boolean
  readonly functions: readonly string[]
  /** Names of the counters whose sum is the number of results. */
  readonly counters: readonly string[]
  /** True for results of which each matters, so that they are counted, and have no rate. */
  readonly isRare: boolean
}

type FlowFunction = Pick<DeclaredFunction, 'name' | 'consumes' | 'emits' | 'uses'>

interface Result {
  readonly title: string
  readonly page?: string
  /** Topic that has the result. */
  readonly signal?: Signal
  /** Resource of `uses` with which functions deliver the result. */
  readonly resource?: string
  /** Counter of the results, of which each matters. */
  readonly counter?: string
}

const DEAD_LETTERS: Result = { title: 'Dead letters', page: '/failures', signal: 'dlq', counter: 'letters' }
/** States that no other function receives; `sluice state show` prints them. */
const STATES: Result = { title: 'States' }

/** Results in the order of their lanes. */
const RESULTS: readonly Result[] = [
  { title: 'Statistics', page: '/telemetry', signal: 'analytics' },
  { title: 'Tables', page: '/tables', signal: 'view-changes' },
  { title: 'Alerts', page: '/alerts', signal: 'alerts', counter: 'alerts' },
  { title: 'Notifications', resource: 'alerts-topic', counter: 'sent' },
  { title: 'Events', page: '/kafka/messages', signal: 'events' },
  { title: 'Database', resource: 'storage' },
  { title: 'History', resource: 'history-appending' },
  STATES,
  DEAD_LETTERS,
]

/**
 * Returns the lanes that have functions.
 *
 * @param consumers topics of each function, without those of other applications
 * @param getTopic returns the full name of a signal's topic
 */
export function buildLanes(
  functions: readonly FlowFunction[],
  consumers: readonly ReadTopic[],
  getTopic: (signal: Signal) => string,
): Lane[] {
  // What brings records in is at the beginning of the flow.
  const reading = functions.filter(entry => entry.consumes.length > 0 && !readsInputRedrives(entry))
  const lanes = new Map(RESULTS.map(result => [result, new Set<string>()]))
  for (const entry of reading)
    for (const result of findResults(entry, reading)) lanes.get(result)?.add(entry.name)
  return [...lanes]
    .filter(([, names]) => names.size > 0)
    .map(([result, names]) => {
      const { title, page, signal, counter } = result
      const read = consumers.filter(consumer => names.has(consumer.function))
      return {
        title,
        ...(page ? { page } : {}),
        isFailure: result === DEAD_LETTERS,
        functions: [...names],
        isRare: counter !== undefined,
        counters: counter
          ? [counter]
          : signal
            ? [`topic/${getTopic(signal)}`]
            : read.map(topic => `done/${topic.function}/${topic.topic}`),
      }
    })
}

/** Returns the results of a function: its own, or those of the functions that read what it emits. */
function findResults(
  entry: FlowFunction,
  others: readonly FlowFunction[],
  passed: readonly string[] = [],
): readonly Result[] {
  // The function that routes failed records writes to all topics to which they can return.
  if (entry.emits.includes('dlq')) return [DEAD_LETTERS]
  const own = RESULTS.filter(
    ({ signal, resource }) =>
      (signal && entry.emits.includes(signal)) || (resource && entry.uses.includes(resource)),
  )
  if (own.length > 0) return own
  const readers = others.filter(
    ({ name, consumes }) =>
      name !== entry.name && !passed.includes(name) && consumes.some(signal => entry.emits.includes(signal)),
  )
  const later = readers.flatMap(reader => findResults(reader, others, [...passed, entry.name]))
  if (later.length > 0) return [...new Set(later)]
  return [entry.consumes.includes('dlq') ? DEAD_LETTERS : STATES]
}
