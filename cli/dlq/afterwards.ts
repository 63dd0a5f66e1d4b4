/** Waits for what becomes of redriven dead letters, for a bounded time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { topicName } from '../../lib/app/topics.ts'
import { ROUTER } from '../../lib/failures/route.ts'
import { AftermathWatch } from '../../lib/operations/dead-letters/aftermath.ts'
import type { Tally } from '../../lib/operations/dead-letters/choose.ts'
import { isExpected } from '../../lib/operations/dead-letters/errors.ts'
import type { Work } from '../../lib/operations/dead-letters/handle.ts'
import { consumersNow } from '../../lib/operations/dead-letters/topics.ts'
import type { ReadTopic } from '../../lib/queries/lag.ts'
import { TopicOffsets } from '../../lib/runtime/adapters/kafka/offsets.ts'
import { showLine } from '../progress.ts'
import type { Terminal } from '../terminal.ts'
import type { HandlingReport } from './handling-text.ts'
import { summaryOf } from './report.ts'

const LOOK_EVERY_MS = 250
const MOST_WAIT_MS = 30_000

/** The redrive, and where it runs. */
interface Redriving {
  readonly work: Pick<Work, 'connections' | 'log' | 'by'>
  readonly env: string
  readonly readers: readonly ReadTopic[]
  readonly terminal: Terminal
}

type FailedAgain = NonNullable<HandlingReport['failedAgain']>

/** Nothing is known: a consumer does not run, or Kafka does not answer. */
const UNKNOWN: FailedAgain = { count: 0, isDecided: false, letters: [] }

export class Afterwards {
  readonly #run: Redriving
  readonly #watch: AftermathWatch
  readonly #failuresTopic: string

  private constructor(run: Redriving, watch: AftermathWatch, failuresTopic: string) {
    this.#run = run
    this.#watch = watch
    this.#failuresTopic = failuresTopic
  }

  /** Begins before anything is redriven. @throws Unavailable if Kafka does not answer */
  static async from(run: Redriving): Promise<Afterwards> {
    const { work, env } = run
    const { log, by, connections } = work
    const offsets = connections.kept(new TopicOffsets(await connections.kafka()))
    const [failuresTopic, dlqTopic] = [topicName('failures', env), topicName('dlq', env)]
    const watched = { log, offsets, failuresTopic, dlqTopic, by, sinceMs: Date.now() }
    return new Afterwards(run, await AftermathWatch.from(watched), failuresTopic)
  }

  /** Null if nothing was redriven. */
  async failedAgain({ taken, consumers, topics }: Tally): Promise<FailedAgain | null> {
    if (taken === 0) return null
    const { terminal } = this.#run
    const hide = showLine(terminal, () => 'Redriven. Waits until they are decided; Ctrl-C ends the wait.')
    try {
      return await this.#outcome(Object.keys(consumers.byFrequency()), Object.keys(topics.byFrequency()))
    } catch (error) {
      if (!isExpected(error)) throw error
      return UNKNOWN
    } finally {
      hide()
    }
  }

  async #outcome(consumers: readonly string[], topics: readonly string[]): Promise<FailedAgain> {
    const { work, readers, terminal } = this.#run
    const all = await consumersNow(
      work.connections,
      readers,
      [...consumers, ROUTER],
      [...topics, this.#failuresTopic],
    )
    const running = all.filter(({ state }) => state === 'stable' || state === 'rebalancing')
    const awaited = readers.filter(one =>
      running.some(({ consumer, topic }) => consumer === one.function && topic === one.topic),
    )
    if (!consumers.every(name => running.some(({ consumer }) => consumer === name))) return UNKNOWN
    const untilMs = performance.now() + MOST_WAIT_MS
    const { failed, letters, isDecided } = await this.#watch.outcome(awaited, async () => {
      await sleep(LOOK_EVERY_MS, undefined, { signal: terminal.stop }).catch(() => {})
      return !terminal.stop.aborted && performance.now() < untilMs
    })
    return { count: failed, isDecided, letters: letters.map(summaryOf) }
  }
}
