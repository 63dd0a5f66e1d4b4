/** Measures one function: over all records of its topics, or called as its schedule does. */

import { TOPICS_RESOURCE } from '../../infra/topics-resource.ts'
import { type DeclaredFunction, isConsumer } from '../../lib/app/functions.ts'
import { topicName } from '../../lib/app/topics.ts'
import { discardedEvent } from './discarded.ts'
import { type Hosted, hosted } from './hosted.ts'
import { batchesOf } from './log.ts'

/** A larger event is one of large records. */
const SMALL_BYTES = 2 * 1024 * 1024
const RUNS = 6
const MINUTE_MS = 60_000

export interface Measured {
  readonly name: string
  /** Processor time, in milliseconds: the start of the process, its first batch or run, and the later ones. */
  readonly loadedMs: number
  readonly firstMs: number
  /** Durations of full batches if there are any, and of runs. */
  readonly laterMs: readonly number[]
  /** The records of such a batch; 0 for a run. */
  readonly records: number
  /** Processor time of the slowest event of large records, where there was one. */
  readonly largestMs?: number
  readonly peakMib: number
}

interface MeasuredFunction {
  readonly file: string
  readonly memoryMb: number
  readonly variables: Readonly<Record<string, string>>
  readonly broker: string
  readonly env: string
  /** An address that takes whatever it is sent. */
  readonly receiver: string
}

export async function measure(declared: DeclaredFunction, place: MeasuredFunction): Promise<Measured> {
  const host = await hosted(declared.name, place.file, place.memoryMb, place.variables)
  try {
    const measured = isConsumer(declared)
      ? await overBatches(host, declared, place)
      : await overRuns(host, declared, place)
    return { name: declared.name, loadedMs: host.loadedCpuMs, ...measured }
  } finally {
    host.close()
  }
}

type Work = Omit<Measured, 'name' | 'loadedMs'>

async function overBatches(
  host: Hosted,
  { name, consumes, reading }: DeclaredFunction,
  { broker, env }: MeasuredFunction,
): Promise<Work> {
  const all = await Promise.all(
    consumes.map(signal => batchesOf(broker, topicName(signal, env), reading.batchSize)),
  )
  const batches = all.flat()
  if (batches.length === 0) throw new Error(`${name}: no records in its topics`)
  const small = batches.filter(({ text }) => text.length < SMALL_BYTES)
  const records = Math.max(...small.map(batch => batch.records))
  let [peakMib, largestMs] = [0, 0]
  const took: number[] = []
  const laterMs: number[] = []
  for (const batch of batches) {
    const invoked = await host.invoke(batch.text)
    peakMib = invoked.peakMib
    took.push(invoked.cpuMs)
    if (batch.text.length >= SMALL_BYTES) largestMs = Math.max(largestMs, invoked.cpuMs)
    else if (took.length > 1 && batch.records === records) laterMs.push(invoked.cpuMs)
  }
  const [firstMs = 0] = took
  const typical = laterMs.length > 0 ? laterMs : [firstMs]
  return { firstMs, laterMs: typical, records, peakMib, ...(largestMs > 0 ? { largestMs } : {}) }
}

/** Each run is that of the next minute. */
async function overRuns(host: Hosted, declared: DeclaredFunction, place: MeasuredFunction): Promise<Work> {
  const took: number[] = []
  let peakMib = 0
  for (let run = 0; run < RUNS; run += 1) {
    const invoked = await host.invoke(JSON.stringify(eventOf(declared, run, place)))
    peakMib = invoked.peakMib
    took.push(invoked.cpuMs)
  }
  const [firstMs = 0, ...laterMs] = took
  return { firstMs, laterMs, records: 0, peakMib }
}

function eventOf({ uses }: DeclaredFunction, run: number, { env, receiver }: MeasuredFunction): object {
  if (uses.includes('on-failure')) return discardedEvent(run)
  if (uses.includes('topics')) return deploymentEvent(run, env, receiver)
  return { time: new Date(Date.now() + run * MINUTE_MS).toISOString() }
}

/** CloudFormation's request to a custom resource, at each deployment after the first. */
function deploymentEvent(run: number, env: string, ResponseURL: string): object {
  const properties = { Environment: env, PackagedAt: String(run), Readers: {} }
  return {
    RequestType: 'Update',
    RequestId: `request-${run}`,
    StackId: 'stack',
    LogicalResourceId: TOPICS_RESOURCE,
    PhysicalResourceId: `sluice-topics-${env}`,
    ResponseURL,
    ResourceProperties: properties,
    OldResourceProperties: { ...properties, PackagedAt: String(run - 1) },
  }
}
