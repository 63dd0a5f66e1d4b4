/** One run: the flow with its faults, the wait until all is quiet, and the count. */
import { randomUUID } from 'node:crypto'
import { TOPICS, topicName } from '../../lib/domain/topics.ts'
import { createTopics } from '../../localstack/topics.ts'
import { count } from './count/count.ts'
import { Slots } from './count/slots.ts'
import { FAULTS, schedule } from './faults.ts'
import { Flow } from './flow.ts'
import { KafkaLog } from './kafka/log.ts'
import { keep } from './keep.ts'
import type { Options } from './options.ts'
import { Publisher } from './publisher.ts'
import { type Result, type Struck, told } from './result.ts'
import type { Servers } from './servers.ts'
import { Worker } from './workers.ts'

/** How many records there are to a fault. */
const RECORDS_PER_FAULT = 5_000

const PROGRESS_EVERY_MS = 5_000

export async function run(
  options: Options,
  servers: Servers,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Result> {
  const env = `l${randomUUID().slice(0, 8)}`
  const { brokers, redisUrl } = servers
  await createTopics({ brokers, env })
  const variables = {
    SLUICE_ENV: env,
    KAFKA_BROKERS: brokers.join(','),
    REDIS_URL: redisUrl,
    LEDGER_SABOTAGE: options.sabotage,
  }
  const workers = Array.from({ length: options.workers }, () => new Worker(variables))
  const { partitions } = TOPICS.readings
  const publisher = await Publisher.connect(brokers, topicName('readings', env), {
    partitions,
    records: options.events,
    signal,
  })
  const [log, slots] = [new KafkaLog(brokers), new Slots(redisUrl)]
  const { events: records, seed, rate } = options
  const flow = new Flow({ env, seed, records, rate, servers, workers, publisher, log, slots, signal })
  const progress = setInterval(() => {
    const tell = (lag: number) => say(`${flow.sent} of ${records} sent, ${lag} wait`)
    void flow.lag().then(tell, () => say(`${flow.sent} of ${records} sent`))
  }, PROGRESS_EVERY_MS)
  try {
    await Promise.all(workers.map(worker => worker.start()))
    const beganAtMs = Date.now()
    const struck = await strike(flow, options, say, signal)
    const isQuiet = await flow.caughtUp('quiet', options.patienceMs)
    const flowMs = Date.now() - beganAtMs
    clearInterval(progress)
    say(isQuiet ? 'all is quiet' : `nothing moves any more, and ${await flow.lag()} records wait`)
    // They have nothing to do any more, and cannot change what is counted.
    await Promise.all(workers.map(worker => worker.kill()))
    const topics = {
      readings: flow.topic('readings'),
      events: flow.topic('events'),
      failures: flow.topic('failures'),
      dlq: flow.topic('dlq'),
    }
    const counted = await count({ brokers, redisUrl, ...topics }, publisher, say)
    if (!isQuiet)
      counted.violations.add('came to rest before it was done', `patience: ${options.patienceMs} ms`)
    const { count: acknowledged, refused, repeated } = publisher
    const result = { ...counted, options, struck, acknowledged, refused, repeated, isQuiet, flowMs }
    if (counted.violations.isEmpty) return result
    const kept = await keep(result, { log, slots, flow, output: workers.map(({ output }) => output) })
    return { ...result, kept }
  } finally {
    clearInterval(progress)
    await Promise.all(workers.map(worker => worker.kill()))
    await publisher.close()
    slots.close()
    await log.close()
  }
}

/** Sends a segment for each fault, which strikes when a part of it is sent. */
async function strike(
  flow: Flow,
  { events, faults, patienceMs }: Options,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Struck[]> {
  const names = schedule(flow, faults, Math.floor(events / RECORDS_PER_FAULT))
  const struck: Struck[] = []
  // The first invocations load the code: a fault before they are done would strike nothing.
  await flow.stir()
  await flow.caughtUp('then', patienceMs)
  for (const [index, name] of names.entries()) {
    signal.throwIfAborted()
    const isLast = index === names.length - 1
    const sending = flow.send(Math.floor((events * (index + 1)) / names.length), { ticks: !isLast })
    // It is awaited below; where the fault itself fails, that is told.
    sending.catch(() => {})
    await flow.goesOn(0.1 + flow.random.next() * 0.3)
    const atRecord = flow.sent
    const beganAtMs = Date.now()
    await FAULTS[name](flow)
    const endedAtMs = Date.now()
    const isRecovered = await flow.caughtUp('then', patienceMs)
    const recoveredMs = isRecovered ? Date.now() - endedAtMs : undefined
    struck.push({ name, atRecord, lastedMs: endedAtMs - beganAtMs, recoveredMs })
    await sending
    say(`${flow.sent} of ${events} sent  ${told(struck.at(-1) as Struck)}`)
  }
  await flow.send(events, { ticks: true })
  return struck
}
