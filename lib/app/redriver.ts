/** Gives the redriver the topics of Sluice. */

import type { Forwarder } from '../../packages/runtime/consumer/forwarder.ts'
import type { Connections } from '../../packages/runtime/lambda/connections.ts'
import type { GeneralSettings } from '../../packages/runtime/settings/general.ts'
import { redriver } from '../failures/redriver.ts'
import { APPLICATION } from './application.ts'
import { type Growths, growthsOf } from './growths.ts'
import { RETRY_TOPICS, type RetrySignal, TOPICS, topicName, topicsOf } from './topics.ts'

/** Added to each delay: the broker's clock, which stamps the records, may be this much behind the function's. */
const CLOCKS_DIFFER_BY_MS = 1_000

/** The redriver of an environment, with what Redis knows of the growth of its topics. */
export async function deployedRedriver(
  { env }: Pick<GeneralSettings, 'env'>,
  connections: Pick<Connections, 'value'>,
): Promise<Forwarder> {
  return redriverIn(env, waitMs, await growthsOf(topicsBackTo(env), connections))
}

/**
 * @param delayMs how long a record waits in a topic, in milliseconds; by default, what the table says, and a second
 * @param growths of the topics to which records return
 */
export function redriverIn(
  env: string,
  delayMs: (signal: RetrySignal) => number = waitMs,
  growths: Growths = new Map(),
): Forwarder {
  return redriver({
    from: RETRY_TOPICS.map(name => ({
      name,
      kafkaTopic: topicName(name, env),
      delayMs: delayMs(name),
    })),
    backTo: topicsBackTo(env),
    readData: APPLICATION.readData,
    growths,
  })
}

function topicsBackTo(env: string): ReadonlySet<string> {
  return new Set(topicsOf(['redriven']).map(signal => topicName(signal, env)))
}

function waitMs(signal: RetrySignal): number {
  const { delayMs } = TOPICS[signal]
  if (delayMs === undefined) throw new Error(`the topic table has no delay for ${signal}`)
  return delayMs + CLOCKS_DIFFER_BY_MS
}
