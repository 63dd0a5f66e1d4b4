/** One run: the flow with its faults, the wait until all records are processed, and the count. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { listEmitters } from '../../control/environment/functions.ts'
import { createTopics } from '../../localstack/local-topics.ts'
import { NAMES } from '../support/families.ts'
import { count } from './count/count.ts'
import { PartitionStateReader } from './count/partition-states.ts'
import { FAULTS, schedule } from './faults.ts'
import { Flow } from './flow.ts'
import { createInput } from './input.ts'
import { KafkaLog } from './kafka/log.ts'
import { keep } from './keep.ts'
import { Noise } from './noise.ts'
import type { Options } from './options.ts'
import { Publisher } from './publisher.ts'
import { describeFault, type Result, type Struck } from './result.ts'
import type { Servers } from './servers.ts'
import { verifyAll } from './verify.ts'
import { Worker } from './workers.ts'

const PROGRESS_EVERY_MS = 5_000

export async function run(
  options: Options,
  servers: Servers,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Result> {
  const env = `l${randomUUID().slice(0, 8)}`
  const { brokers, redisUrl } = servers
  await createTopics({ brokers, env, names: NAMES })
  const inputs = await mkdtemp(join(tmpdir(), 'sluice-ledger-inputs-'))
  const declared = readFunctions(join(import.meta.dirname, 'service', 'serverless.yml'))
  const variables = {
    SLUICE_ENV: env,
    // The plugin sets it under serverless offline. The comparison needs it, too.
    EMITTERS: declared.flatMap(entry => listEmitters(entry, declared, { env, names: NAMES })).join(','),
    KAFKA_BROKERS: brokers.join(','),
    REDIS_URL: redisUrl,
    ...(await createInput(brokers, env, inputs)),
  }
  const workers = Array.from({ length: options.workers }, () => new Worker(variables))
  const publisher = await Publisher.connect(brokers, env, { records: options.events, signal })
  const [log, stateKeys] = [new KafkaLog(brokers), new PartitionStateReader(redisUrl)]
  const { events: records, seed, rate } = options
  const flow = new Flow({
    env,
    seed,
    records,
    rate,
    servers,
    workers,
    publisher,
    log,
    stateKeys,
    patienceMs: options.patienceMs,
    signal,
  })
  let noise: Noise | undefined
  const progress = setInterval(() => {
    const tell = (lag: number) => say(`${flow.sent} of ${records} sent, ${lag} wait`)
    void flow.lag().then(tell, () => say(`${flow.sent} of ${records} sent`))
  }, PROGRESS_EVERY_MS)
  try {
    await Promise.all(workers.map(worker => worker.start()))
    const beganAtMs = Date.now()
    if (options.fuzz) noise = new Noise({ brokers, topic: flow.topic('readings'), seed })
    const struck = await strike(flow, options, noise, say)
    // No tick comes here: it would bring back what a broken consumer has left out.
    const isQuiet = await flow.caughtUp('quiet')
    const flowMs = Date.now() - beganAtMs
    clearInterval(progress)
    say(isQuiet ? 'all records are processed' : `no progress, and ${await flow.lag()} records wait`)
    // Nothing may change during the count.
    await Promise.all(workers.map(worker => worker.kill()))
    const topics = {
      readings: flow.topic('readings'),
      input: flow.topic('input'),
      events: flow.topic('events'),
      failures: flow.topic('failures'),
    }
    const counted = await count({ brokers, redisUrl, ...topics }, publisher, noise?.acknowledged, say)
    if (!isQuiet)
      counted.violations.add('no progress before all was done', `patience: ${options.patienceMs} ms`)
    if (counted.violations.isEmpty) await verifyAll(flow, servers, variables, counted.violations, say)
    const { count: acknowledged, refused, repeated } = publisher
    const result = { ...counted, options, struck, acknowledged, refused, repeated, isQuiet, flowMs }
    if (counted.violations.isEmpty) return result
    const kept = await keep(result, { log, stateKeys, flow, output: workers.map(({ output }) => output) })
    return { ...result, kept }
  } finally {
    clearInterval(progress)
    // An error was reported when the run awaited it.
    await noise?.end().catch(() => {})
    await Promise.all(workers.map(worker => worker.kill()))
    await publisher.close()
    stateKeys.close()
    await log.close()
    await rm(inputs, { recursive: true, force: true })
  }
}

/** Sends a segment for each fault, and injects the fault at a random record of the segment. */
async function strike(
  flow: Flow,
  { events, faults, every }: Options,
  noise: Noise | undefined,
  say: (line: string) => void,
): Promise<Struck[]> {
  const names = schedule(flow, faults, Math.floor(events / every))
  const struck: Struck[] = []
  // Wait for the first invocations, which load the code: a fault before that would affect nothing.
  await flow.tickAll()
  await flow.caughtUp('then')
  for (const [index, name] of names.entries()) {
    const isLast = index === names.length - 1
    if (isLast) await noise?.end()
    // A fault may have sent more than its share.
    const share = Math.floor((events - flow.sent) / (names.length - index))
    flow.begin({ end: flow.sent + share, ticks: !isLast })
    await flow.send(0.1 + flow.random.next() * 0.3)
    const atRecord = flow.sent
    const beganAtMs = Date.now()
    await FAULTS[name](flow)
    const endedAtMs = Date.now()
    await flow.send()
    const isRecovered = await flow.caughtUp('then')
    const recoveredMs = isRecovered ? Date.now() - endedAtMs : undefined
    struck.push({ name, atRecord, lastedMs: endedAtMs - beganAtMs, recoveredMs })
    say(`${flow.sent} of ${events} sent  ${describeFault(struck.at(-1) as Struck)}`)
  }
  if (names.length === 0) {
    flow.begin({ end: Math.floor(events * SENT_BESIDE), ticks: true })
    await flow.send()
    await noise?.end()
  }
  flow.begin({ end: events, ticks: true })
  await flow.send()
  return struck
}

/** Share of records that is sent while the other producer is active, in a run without faults. */
const SENT_BESIDE = 0.9
