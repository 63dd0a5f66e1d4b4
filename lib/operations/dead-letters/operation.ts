/** Defines the operation that redrives or drops dead letters: its request, and what it needs to run. */

import type { Connections } from '#runtime/lambda/connections.ts'
import type { Config } from '../../app/config.ts'
import type { DeadLetterSource } from '../../queries/dead-letters/dead-letters.ts'
import type { ReadTopic } from '../../queries/kafka/consumer-lag.ts'
import { quoteWord } from '../../support/escape-text.ts'
import type { RedriveTopics } from './redrive-topic.ts'
import { readRedriveTopics } from './redrive-topics.ts'
import { formatFilter, type Selected, type Selection, selectDeadLetters } from './selection.ts'

export type Command = 'redrive' | 'drop'

export interface HandlingRequest extends Selection {
  readonly command: Command
  /** Maximum number of dead letters per second. */
  readonly perSecond?: number | undefined
  /** True to redrive dead letters that were redriven or dropped before. Only for dead letters that are named. */
  readonly again?: boolean | undefined
}

/** Prepared operation, which can be previewed or run. */
export interface Handling extends Selected {
  readonly request: HandlingRequest
  readonly letters: DeadLetterSource
  /** Topics to which records can be redriven. */
  readonly topics: RedriveTopics
  readonly connections: Pick<Connections, 'kafka'>
  /** Signal that ends the run or the preview after the current batch. */
  readonly stop: AbortSignal
}

/** Environment whose dead letters are handled. */
interface HandlingEnvironment {
  readonly connections: Connections
  readonly config: Pick<Config, 'env' | 'names'>
  readonly letters: DeadLetterSource
  /** Functions of the environment, with the topics that they read. */
  readonly readers: readonly ReadTopic[]
}

/**
 * Selects the dead letters of a request, and reads the topics to which they can be redriven.
 *
 * @throws see `readRedriveTopics` and `selectDeadLetters`
 */
export async function prepareHandling(
  { connections, config, letters, readers }: HandlingEnvironment,
  request: HandlingRequest,
  stop: AbortSignal,
): Promise<Handling> {
  const topics = await readRedriveTopics(connections, config, readers)
  const selected = await selectDeadLetters(letters, request, stop)
  return { ...selected, request, letters, topics, connections, stop }
}

/** Returns the request as command-line options, for the audit event. */
export function formatRequest({
  filter,
  ats,
  perSecond,
  again,
}: HandlingRequest): Readonly<Record<string, string>> {
  return {
    ...formatFilter(filter),
    ...(perSecond === undefined ? {} : { rate: `${perSecond}/s` }),
    ...(again ? { again: 'yes' } : {}),
    ...(ats.length > 0 ? { at: ats.join(' ') } : {}),
  }
}

/**
 * Returns the shell command that continues a stopped request. Dead letters that are already handled are left out, because the dlq
 * topic records them.
 */
export function formatContinueCommand(
  { command, ats, filter, perSecond, again }: HandlingRequest,
  env: string,
): string {
  const conditions = ats.length > 0 ? {} : formatFilter(filter)
  const options = Object.entries({ ...conditions, ...(perSecond && { rate: `${perSecond}/s` }), env })
  const named = options.flatMap(([name, value]) => [`--${name}`, quoteWord(value)])
  return [
    'sluice dlq',
    command,
    ...ats.map(quoteWord),
    ...named,
    ...(again ? ['--again'] : []),
    '--yes',
  ].join(' ')
}
