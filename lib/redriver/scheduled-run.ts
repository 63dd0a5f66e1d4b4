/** Implements the scheduled function `redriver`: forwards due retries, and measures dead letters. */

import type { Forwarder } from '#runtime/consumer'
import { createForwarderRun } from '#runtime/functions/forwarders'
import { APPLICATION } from '../app/application.ts'
import { createDataCheck } from '../app/data/check-data.ts'
import { runParts } from '../app/handlers/run-parts.ts'
import type { ScheduledRun } from '../app/handlers/scheduled-function.ts'
import type { Named, Vocabulary } from '../app/naming/names.ts'
import { RETRY_TOPICS, type RetrySignal, resolveSignals, TOPICS } from '../app/naming/topic-table.ts'
import type { FAMILIES } from '../app/settings/index.ts'
import { INTAKE } from '../intake/input.ts'
import { measureDeadLetters } from './dead-letter-metrics.ts'
import { redriver } from './redriver.ts'

/**
 * Time added to each delay, in milliseconds. The broker sets the timestamps, and its clock may be behind the function's clock by up
 * to this much.
 */
const CLOCKS_DIFFER_BY_MS = 1_000

/** Settings of the function, in addition to those of every scheduled function. */
type Slices = readonly [typeof FAMILIES]

/** Creates the function: it redrives the due failures, and measures the open dead letters and pending retries. */
export function createRedriver() {
  // Records that cannot be redriven are sent to the dlq, because sending them to `failures` would create a loop.
  const redrive = createForwarderRun(
    APPLICATION,
    'redriver',
    (config: ScheduledRun<Slices>['config']) => createScheduledRedriver(config),
    { failuresTo: 'dlq' },
  )
  return (run: ScheduledRun<Slices>) =>
    runParts({ redriven: () => redrive(run), deadLetters: () => measureDeadLetters(run) })
}

/**
 * Returns the redriver, with the given delays.
 *
 * @param delayMs returns the delay of a retry topic in milliseconds. Defaults to the delay in the topic table, plus one second.
 */
export function createScheduledRedriver(
  { env, names, families }: Named & Vocabulary,
  delayMs: (signal: RetrySignal) => number = waitMs,
): Forwarder {
  return redriver({
    from: RETRY_TOPICS.map(name => ({
      name,
      kafkaTopic: names.topicName(name, env),
      delayMs: delayMs(name),
    })),
    backTo: topicsBackTo({ env, names }),
    readData: createDataCheck(families),
    foreign: { ...names.topicSize('input-redrives', env), consumer: INTAKE },
  })
}

function topicsBackTo({ env, names }: Named): ReadonlySet<string> {
  return new Set(resolveSignals(['redriven']).map(signal => names.topicName(signal, env)))
}

function waitMs(signal: RetrySignal): number {
  const { delayMs } = TOPICS[signal]
  if (delayMs === undefined) throw new Error(`the topic table has no delay for ${signal}`)
  return delayMs + CLOCKS_DIFFER_BY_MS
}
