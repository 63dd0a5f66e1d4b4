/** Consumers and topics of the application of tests, for simulations. */
import type { TopicName } from '../../consumer/topic-name.ts'
import { CONSUMER_DEFAULTS, type Consumer } from '../../pipeline/consumer.ts'
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { Report } from '../../pipeline/model/report.ts'
import type { Fence } from '../../pipeline/replacing/fence.ts'
import type { SimulatedTopic } from '../../testing/simulation/simulated-log.ts'
import type { Simulation } from '../../testing/simulation/simulation.ts'
import { APPLICATION, TOPICS, topicName } from './application.ts'
import { MemoryReplaceableStates } from './memory-replaceable-states.ts'

export function createConsumer(process: object, settings: Partial<Consumer> = {}): Consumer {
  const failuresTo = APPLICATION.failuresTopic as TopicName
  const own = { application: APPLICATION, failuresTo, env: 'test', process: process as Consumer['process'] }
  return { ...CONSUMER_DEFAULTS, ...own, ...settings }
}

/** Returns topics by their Kafka names, with these numbers of partitions. The records of failures never expire. */
export function listTopics(
  partitions: Partial<Record<keyof typeof TOPICS, number>>,
): Map<string, SimulatedTopic> {
  const names = Object.keys(partitions) as (keyof typeof TOPICS)[]
  return new Map(
    names.map(name => {
      const { maxMessageBytes } = TOPICS[name]
      return [
        topicName(name),
        { partitions: partitions[name] as number, maxMessageBytes, isKept: name === 'failures' },
      ]
    }),
  )
}

/** Returns the situations of a report: `outcome/reason` of decisions, reasons of waits, and ranges that were read back. */
export function listOutcomes(report: Report): readonly string[] {
  if (report.kind === 'deferred') return [`waits: ${report.reason}`]
  if (report.kind !== 'decisions') return [report.kind]
  return report.decisions.map(({ outcome, reason }) => `${outcome}/${reason}`)
}

/** Returns the live states as a command uses them: each call can fail, and a fence ends with its time, also after a kill. */
export function createLiveStates(simulation: Simulation, who: string): MemoryReplaceableStates {
  const states = new MemoryReplaceableStates(simulation.store)
  const { facts, fence, unfence, replace } = states
  const call = <T>(what: string, work: () => Promise<T>) => simulation.call(who, what, work)
  return Object.assign(states, {
    facts: (stateKey: StateKey) => call('facts', () => facts(stateKey)),
    fence: (stateKey: StateKey, raised: Fence, forMs: number) =>
      call('fence', () => {
        const end = () => simulation.store.unfence(stateKey, raised)
        simulation.comes(simulation.nowMs + forMs, 'a fence ends', end)
        return fence.call(states, stateKey, raised)
      }),
    unfence: (...given: Parameters<typeof unfence>) => call('unfence', () => unfence.apply(states, given)),
    replace: (...given: Parameters<typeof replace>) => call('replace', () => replace.apply(states, given)),
  })
}
