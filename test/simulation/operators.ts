/** People who operate Sluice in a simulation: they edit rules, add silences, redrive and drop dead letters, and reprocess. */
import { CopyStopped, Unavailable } from '#runtime/pipeline'
import { type AnyKeyedProcess, type Consumer, computeCode, reprocess } from '#runtime/test/support/inside'
import { createLiveStates } from '#runtime/test/support/simulated'
import { publishInBatches } from '../../control/operations/dead-letters/run.ts'
import { newSilence } from '../../control/operations/new-silence.ts'
import { buildRedrive, type RedriveTopics } from '../../control/queries/dead-letters/redrive-decision.ts'
import { appendSilences, openStoredSilences } from '../../lib/clock/stored-silences.ts'
import { readDlqRecord } from '../../lib/failures/dlq-record.ts'
import { INTAKE } from '../../lib/intake/input.ts'
import { withSilence } from '../../lib/notification/silences.ts'
import { MINUTE_MS } from '../../lib/support/duration.ts'
import { EDITED_RULES_DIR, ENVIRONMENT, INPUT, RECOMPUTED, type SluiceSimulation, topicOf } from './sluice.ts'

/** Adds acts of operators within some minutes. */
export function addOperators(sluice: SluiceSimulation, minutes: number): void {
  const { simulation } = sluice
  const random = simulation.chance.stream('operators')
  const startMs = simulation.nowMs
  const someTime = () => startMs + random.between(3, minutes) * MINUTE_MS
  simulation.comes(someTime(), 'the rules are edited', () => {
    sluice.rulesDir = EDITED_RULES_DIR
  })
  simulation.comes(someTime(), 'edited families are deployed', () => {
    for (const group of sluice.groups.values()) group.deploy()
  })
  for (let number = 0; number < 2; number += 1)
    simulation.comes(someTime(), `silence ${number}`, () => addSilence(sluice, number), true)
  for (const [number, action] of (['redriven', 'dropped', 'redriven', 'redriven'] as const).entries())
    simulation.comes(
      someTime(),
      `letters are ${action}, ${number}`,
      () => handle(sluice, action, number),
      true,
    )
  for (let number = 0; number < 2; number += 1) {
    const name = random.pick(RECOMPUTED)
    simulation.comes(someTime(), `reprocess of ${name}`, () => recompute(sluice, name), true)
  }
}

/** Continues only after errors that tell a person to try again. */
async function tolerate(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Unavailable || error instanceof CopyStopped)) throw error
  }
}

function addSilence(sluice: SluiceSimulation, number: number): Promise<void> {
  const connections = sluice.connections('operator') as never
  const { nowMs } = sluice.simulation
  const silence = newSilence(
    {
      ...{ id: `silence-${number}`, match: { rule: ['LONG_*'] }, author: 'ann', comment: 'works' },
      ...{ startMs: nowMs, endMs: nowMs + 5 * MINUTE_MS },
    },
    nowMs,
  )
  return tolerate(async () => {
    const stored = await openStoredSilences(connections, ENVIRONMENT.SLUICE_ENV)
    const set = await stored.update(now => withSilence(now, silence, nowMs))
    await appendSilences(connections, sluice.config, set, new Date(nowMs).toISOString())
  })
}

/** Redrives or drops the dead letters that are open by their topic. */
function handle(sluice: SluiceSimulation, action: 'redriven' | 'dropped', number: number): Promise<void> {
  const { simulation } = sluice
  const topics = createRedriveTopics(sluice)
  const at = new Date(simulation.nowMs).toISOString()
  const letters = listOpenLetters(sluice).flatMap(letter => {
    const record = action === 'redriven' ? buildRedrive(letter, topics, { by: 'ann', at }) : undefined
    const { partition, offset } = letter
    return typeof record === 'string' ? [] : [{ partition, offset, ...(record && { record }) }]
  })
  const mark = {
    operation: `operation-${number}`,
    by: 'ann',
    dlqTopic: topicOf('dlq'),
    action,
    contentMode: 'binary',
  } as const
  return tolerate(() =>
    publishInBatches(
      yieldGroups(letters),
      simulation.createPublisher('operator'),
      mark,
      { perSecond: undefined, nowMs: () => simulation.nowMs, wait: simulation.pause, isStopped: () => false },
      (batch, publish) => publish(batch),
      () => {},
    ),
  )
}

async function* yieldGroups<T>(list: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let from = 0; from < list.length; from += 5) yield list.slice(from, from + 5)
}

function listOpenLetters({ simulation }: SluiceSimulation) {
  const topic = topicOf('dlq')
  const partitions = Array.from(
    { length: simulation.log.countPartitions(topic) },
    (_, partition) => partition,
  )
  return partitions.flatMap(partition => {
    const records = simulation.log.all(topic, partition).map(readDlqRecord)
    const ranges = records.flatMap(record => (record.kind === 'handled' ? record.handled.ranges : []))
    return records.flatMap(record =>
      record.kind === 'letter' && !ranges.some(({ from, to }) => from <= record.offset && record.offset <= to)
        ? [record]
        : [],
    )
  })
}

function createRedriveTopics({ simulation, groups }: SluiceSimulation): RedriveTopics {
  return new Map(
    simulation.log.topics.flatMap(topic => {
      // Nothing is ever written into the topic of another application.
      if (topic === INPUT.topic) return []
      const consumers = [...groups.values()].filter(({ partitions }) =>
        partitions.some(own => own.topic === topic),
      )
      const isForInputs = topic === topicOf('input-redrives')
      const bounds = Array.from({ length: simulation.log.countPartitions(topic) }, (_, partition) => ({
        start: simulation.log.startOffset(topic, partition),
        end: simulation.log.endOffset(topic, partition),
      }))
      const names = new Set(isForInputs ? [INTAKE] : consumers.map(({ name }) => name))
      return [[topic, { isForInputs, bounds, consumers: names, maxMessageBytes: 2 ** 21 }] as const]
    }),
  )
}

/** A state that lacks records would differ from the live one. */
function stopAtExpired(): never {
  throw new CopyStopped('stopped', 'records have expired meanwhile')
}

/** Recomputes the states of a consumer from the start of the log, if the log still has it. */
function recompute(sluice: SluiceSimulation, name: string): Promise<void> {
  const { simulation } = sluice
  const group = sluice.groups.get(name)
  const consumer = group?.code as Consumer<AnyKeyedProcess>
  const { log } = simulation.createPorts('operator')
  const live = createLiveStates(simulation, 'operator')
  return tolerate(async () => {
    for (const own of group?.partitions ?? []) {
      if (simulation.log.startOffset(own.topic, own.partition) > 0) continue
      const work = {
        ...{ consumer, log, live },
        ...{ stop: new AbortController().signal, onRead: () => {}, onExpired: stopAtExpired },
        ...{ nowMs: () => simulation.nowMs, pause: simulation.pause },
      }
      const code = computeCode('v0', consumer)
      const rebuild = { startOffset: 0, from: 'start', code, dropsOlder: false, begunMs: simulation.nowMs }
      const { epoch } = await reprocess({ ...work, rebuilds: live.rebuilds } as never, own, rebuild, false)
      if (epoch !== undefined) sluice.met.add(`${name} recomputed`)
    }
  })
}
