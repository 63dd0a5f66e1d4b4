import type { Config } from '../../lib/app/config.ts'
import { readFunctions, writesSegments } from '../../lib/app/functions.ts'
import { Growth } from '../../lib/operations/grow/growth.ts'
import type { ConsumerPlan } from '../../lib/operations/grow/plan.ts'
import { GrowingTopic, type KeptStates } from '../../lib/operations/grow/topic.ts'
import { ownTopicOf } from '../../lib/operations/state-keys.ts'
import { takeCheckpoints } from '../../packages/runtime/pipeline/recovery/take-checkpoints.ts'
import {
  argument,
  command,
  DURATION,
  environment,
  flag,
  JSON_OPTION,
  optionList,
  optionWithDefault,
  POSITIVE,
  requiredOption,
  SOME_TEXT,
  type ValuesOf,
} from '../command.ts'
import type { CommandConnections } from '../command-connections.ts'
import { configOf, withRedis } from '../connections.ts'
import { readersIn } from '../dlq/readers.ts'
import { CliFailure } from '../failure.ts'
import { carryOut } from '../operation.ts'
import { operatorOf } from '../person.ts'
import { printReport } from '../terminal.ts'
import { reachOf } from '../topics.ts'

/** Effects of a growth, planned or completed. This is the JSON document that `topics grow --json` prints. */
interface GrowthReport {
  readonly topic: string
  readonly from: number
  readonly to: number
  /** Outcome of the command. `checked` means that nothing was changed. */
  readonly outcome: 'checked' | 'grown' | 'aborted'
  /** Problems that prevent the growth; empty if none exist. */
  readonly wrong: readonly string[]
  readonly consumers: readonly PlanLine[]
}

interface PlanLine {
  readonly consumer: string
  readonly entities: number
  readonly moving: number
  readonly staying: number
  readonly failures: number
  readonly copiedFailures: number
  readonly ids: number
  readonly idBytes: number
}

function planLine({ growing: _, held: __, staying, ...plan }: ConsumerPlan): PlanLine {
  return { ...plan, staying: staying.length }
}

function growthText({ topic, from, to, outcome, wrong, consumers }: GrowthReport): string {
  const lines = consumers.map(planText)
  if (outcome === 'aborted') return `${topic} has ${from} partitions, as before. Its consumers continue.\n`
  if (outcome === 'grown') return `${[`Grown: ${topic} has ${to} partitions.`, ...AFTERWARDS].join('\n')}\n`
  const verdict =
    wrong.length === 0
      ? 'All preconditions are met. Add --yes to grow the topic; this cannot be undone.'
      : `It cannot grow now:\n${wrong.map(line => `  ${line}`).join('\n')}`
  return `${[`${topic}: ${from} → ${to} partitions`, ...lines, verdict].join('\n')}\n`
}

function planText(plan: PlanLine): string {
  const { consumer, entities, moving, staying, failures, copiedFailures, ids, idBytes } = plan
  const parts = [
    `${moving} of ${entities} entities move`,
    ...(staying > 0 ? [`${staying} stay, because their partition is unknown`] : []),
    ...(failures > 0
      ? [`${failures} failures${copiedFailures > 0 ? `, ${copiedFailures} of them copied` : ''}`]
      : []),
    ...(ids > 0 ? [`${ids} ids, copies of ${Math.ceil(idBytes / 1024)} KiB`] : []),
  ]
  return `  ${consumer}: ${parts.join('; ')}`
}

const AFTERWARDS = [
  '  Start the producers again: running ones may still use the old number of partitions.',
  '  Records from before the growth stay where they are. So a consumer that loses its state needs a checkpoint of after it.',
]

type GrowOptions = ValuesOf<typeof OPTIONS>

/** Default time in milliseconds during which the topic must not receive records. It is long enough to detect a running producer. */
const QUIET_MS = 5_000

const OPTIONS = {
  partitions: requiredOption('<n>', 'new number of partitions', POSITIVE),
  yes: flag('do it'),
  abort: flag('revert the growth that an earlier run started'),
  allowUnknown: flag('skip entities whose partition key is unknown'),
  except: optionList(
    '<consumer>',
    'do not move the states of this consumer, which stores nothing by entity; can be repeated',
    SOME_TEXT,
  ),
  quiet: optionWithDefault(
    '<duration>',
    'time without records that is required before the growth starts',
    DURATION,
    QUIET_MS,
    '5s',
  ),
  json: JSON_OPTION,
  env: environment('of the topic'),
}

export default command({
  about: `Add partitions to a topic, and move the states of its consumers to the partitions to which the keys then belong.

Without --yes, the command only checks the preconditions: producers must have stopped, every consumer must have read
all records, and no retry may be pending. While the states move, the consumers wait. If the command ends before it is
complete, run it again, or revert everything with --abort; Kafka cannot remove partitions once they were added.`,
  more: `
docs/growth.md describes each step.

Examples:
  sluice topics grow readings --partitions 24
  sluice topics grow readings --partitions 24 --yes`,
  args: {
    topic: argument('signal, such as readings, or full name of a topic', SOME_TEXT),
  },
  options: OPTIONS,
  async run({ topic: name, ...options }, terminal) {
    const config = configOf(terminal, options.env)
    const topic = ownTopicOf({ topic: name }, config.env)
    await withRedis(config, async (client, connections) => {
      await reachOf(connections, config, [topic], undefined)
      const [kafka, log, bounds] = [
        await connections.kafka(),
        await connections.log(),
        await connections.bounds(),
      ]
      const kept = await checkpointsOf(topic, config, connections)
      const servers = { client, kafka, log, bounds, ...(kept ? { kept } : {}) }
      const growing = new GrowingTopic(servers, config.env, topic)
      const order = {
        to: options.partitions,
        by: await operatorOf(config),
        allowUnknown: options.allowUnknown,
        except: [
          ...(options.except ?? []),
          ...readFunctions()
            .filter(writesSegments)
            .map(({ name }) => name),
        ],
        quietMs: options.quiet,
      }
      const growth = new Growth(growing, order, { tell: text => terminal.stderr.write(`${text}\n`) })
      const written = () => kept?.written() ?? 0
      const report = await done(growth, growing, options, { connections, written })
      printReport(terminal, report, options.json, growthText)
      if (report.wrong.length > 0) throw new CliFailure('Nothing was changed.')
    })
  },
})

interface Around {
  readonly connections: CommandConnections
  /** Returns the number of checkpoints that have been written so far. */
  readonly written: () => number
}

interface Checkpoints extends KeptStates {
  readonly written: () => number
}

async function done(
  growth: Growth,
  topic: GrowingTopic,
  { abort, yes, partitions: to }: GrowOptions,
  around: Around,
): Promise<GrowthReport> {
  const underway = await growth.underway()
  const operation = {
    ...({ action: 'topics grow', filter: { topic: topic.name, partitions: String(to) } } as const),
    ...(underway && { operation: underway.operation }),
  }
  if (abort) {
    const aborted = { ...operation, filter: { ...operation.filter, abort: 'yes' } }
    await carryOut(around.connections, aborted, () => growth.abort())
    const from = await topic.partitions()
    return { topic: topic.name, from, to, outcome: 'aborted', wrong: [], consumers: [] }
  }
  const checked = underway ? undefined : await growth.check()
  const consumers = checked?.plans.map(planLine) ?? []
  const wrong = checked?.wrong ?? []
  if (!yes || wrong.length > 0) {
    const from = checked?.from ?? underway?.from ?? to
    return { topic: topic.name, from, to, outcome: 'checked', wrong, consumers }
  }
  const grown = await carryOut(around.connections, operation, async counts => {
    const grown = await growth.run()
    counts.partitions = to - grown.from
    counts.entities = consumers.reduce((sum, { moving }) => sum + moving, 0)
    counts.checkpoints = around.written()
    return grown
  })
  return { topic: topic.name, from: grown.from, to, outcome: 'grown', wrong, consumers }
}

/**
 * Returns access to checkpoints. New checkpoints must be taken after a growth, because older checkpoints and the log would restore
 * entities to their previous partitions.
 */
async function checkpointsOf(
  topic: string,
  config: Config,
  connections: CommandConnections,
): Promise<Checkpoints | undefined> {
  const recovery = await connections.recovery()
  if (!recovery || !config.checkpoints) return undefined
  const { kept } = config.checkpoints
  const readers = readersIn(config.env).filter(one => one.topic === topic)
  let count = 0
  return {
    readers: readers.map(one => one.function),
    has: async state => (await recovery.checkpoints.list(state)).length > 0,
    async take(states) {
      const options = { kept, nowMs: Date.now, remainingMs: () => Number.POSITIVE_INFINITY, reserveMs: 0 }
      const { written, notTaken } = await takeCheckpoints(recovery, states, options)
      count += written
      if (notTaken.length > 0)
        throw new CliFailure(
          `${topic} has grown, but ${notTaken.length} partition states have no checkpoint from after the growth. Run the command again.`,
        )
    },
    written: () => count,
  }
}
