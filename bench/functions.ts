import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type FunctionEntry, readEntries } from '../lib/app/function-entries.ts'
import { type DeclaredFunction, readFunctions } from '../lib/app/functions.ts'
import { createResources } from '../localstack/resources.ts'
import { LOOPBACK } from '../localstack/services/ports.ts'
import { createTopics } from '../localstack/topics.ts'
import { LOCAL } from '../programs/paths.ts'
import { type Measured, measure } from './functions/measure.ts'
import { tookAt } from './functions/processor.ts'
import { produceReadings } from './functions/readings.ts'
import { variablesFor } from './functions/variables.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'
import { type Cloud, withCloud } from './kit/servers.ts'
import { median } from './kit/statistics.ts'
import { type Unpacked, unpacked } from './start/bundles.ts'

// `npm run bench:functions`: the processor time and the memory that each function takes for a batch or a run, from its bundle and over
// real servers, and whether what serverless.yml gives it is enough. docs/functions.md has the arithmetic.

/** Lambda waits one second for a batch to fill: one that takes no longer lets no backlog grow. A run comes each minute. */
const [BATCH_MS, RUN_MS] = [1_000, 10_000]
/** Usable share of a function's memory, in percent. */
const PEAK_PERCENT = 75
/** Later steps read what earlier ones have written. */
const STEPS = [
  ['topics', 'rules', 'silences', 'clock', 'generator'],
  ['processor', 'alerting', 'activity'],
  ['grouping', 'patterns', 'firing-alerts', 'alert-router'],
  ['notifier'],
  ['notify-sns', 'notify-webhook', 'dlq-router'],
  ['open-dead-letters', 'redriver', 'dead-letters', 'checkpoints', 'on-failure'],
] as const
const SMALL = { small: 6_000, large: 0 }
const ALL = { small: 24_000, large: 6_000 }

await runBenchmark({
  usage: 'npm run bench:functions -- [options]',
  async *measure(run) {
    // `npm run bench:console` measures the console.
    const all = readFunctions().filter(({ uses }) => !uses.includes('console'))
    const names = STEPS.flat() as string[]
    for (const { name } of all) if (!names.includes(name)) run.missed(`${name}: put it into the steps`)
    // Inside the project, so that the bundles find the AWS SDK.
    const room = await mkdtemp(join(LOCAL, 'bench-functions-'))
    try {
      run.say('packaging')
      const bundles = await unpacked(names, room)
      yield* await withCloud(run.signal, cloud => allOf(cloud, { all, bundles, room, run }))
    } finally {
      await rm(room, { recursive: true, force: true })
    }
  },
})

interface Subjects {
  readonly all: readonly DeclaredFunction[]
  readonly bundles: Unpacked
  readonly room: string
  readonly run: Run
}

async function allOf(cloud: Cloud, { all, bundles, room, run }: Subjects): Promise<Figure[]> {
  const env = randomUUID().slice(0, 8)
  const { broker } = cloud
  await createTopics({ brokers: [broker], env })
  await createResources({ awsEndpoint: cloud.awsEndpoint, env, generator: {} })
  // Receiver of webhooks, and of answers to CloudFormation.
  const receiver = createServer((request, response) => request.resume().on('end', () => response.end()))
  await once(receiver.listen(0, LOOPBACK), 'listening')
  const { port } = receiver.address() as AddressInfo
  const variables = await variablesFor(env, cloud, {
    folder: join(room, 'notifications'),
    receiverPort: port,
  })
  const entryOf = readEntries()
  const figures: Figure[] = []
  try {
    for (const [step, names] of STEPS.entries()) {
      if (step === 1) await produceReadings(broker, env, run.quick ? SMALL : ALL)
      for (const declared of all.filter(({ name }) => (names as readonly string[]).includes(name))) {
        run.signal.throwIfAborted()
        const size = entryOf(declared.name)
        const file = bundles.fileOf(declared.name)
        const place = { file, memoryMb: size.memoryMb, broker, env, receiver: `http://${LOOPBACK}:${port}/` }
        const measured = await measure(declared, { ...place, variables: variables(declared, all) })
        run.say(line(measured, size))
        figures.push(...figuresOf(measured, size))
      }
    }
  } finally {
    receiver.close()
  }
  return figures
}

/** A row for the table in docs/functions.md. */
function line(
  { name, records, loadedMs, firstMs, laterMs, largestMs, peakMib }: Measured,
  size: FunctionEntry,
): string {
  const ms = (value: number | undefined) => (value === undefined ? '' : value.toFixed(0))
  const typical = median(laterMs)
  const cells = [
    `\`${name}\``,
    records || 'a run',
    ms(loadedMs),
    ms(firstMs),
    ms(typical),
    ms(largestMs),
    ms(peakMib),
    size.memoryMb,
    ms(tookAt(size.memoryMb, typical)),
    size.timeoutSeconds,
  ]
  return `| ${cells.join(' | ')} |`
}

function figuresOf(
  { name, records, firstMs, laterMs, peakMib }: Measured,
  { memoryMb }: FunctionEntry,
): Figure[] {
  const took = laterMs.map(ms => tookAt(memoryMb, ms))
  const goal = { atMost: records > 0 ? BATCH_MS : RUN_MS }
  return [
    { name: `functions/${name}, first`, unit: 'ms', rounds: [firstMs], worse: 'higher' },
    { name: `functions/${name}, processor time`, unit: 'ms', rounds: laterMs, worse: 'higher' },
    aimed(`functions/${name}, on its share of a processor`, 'ms', goal, took),
    aimed(`functions/${name}, peak of its memory`, '%', { atMost: PEAK_PERCENT }, [
      (peakMib / memoryMb) * 100,
    ]),
  ]
}
