import { setTimeout as pause } from 'node:timers/promises'
import { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import type { Config } from '../lib/app/config.ts'
import { resolveInputs } from '../lib/app/inputs.ts'
import { INTAKE } from '../lib/intake/input.ts'
import { type Outcomes, readOutcomes } from '../lib/queries/states/outcomes.ts'
import {
  ENTITIES,
  type EntityReport,
  entityReport,
  METRIC_COLUMNS,
  metricRows,
} from '../lib/tables/entity-statistics.ts'
import { listStateKeys, readTable } from '../lib/tables/table.ts'
import type { Families } from '../lib/telemetry/families.ts'
import { command, environment, flag, JSON_OPTION, optionalArgument, SOME_TEXT } from './command.ts'
import { CliFailure, StoppedByUser } from './failure.ts'
import { formatRows } from './output/table.ts'
import { withRedis } from './servers/redis.ts'
import { resolveConfig } from './servers/settings.ts'
import { getColumns, printReport, type Terminal } from './terminal.ts'

/** JSON document that `stats --json` prints. */
export interface Report {
  readonly env: string
  /** Entities, sorted by name. */
  readonly entities: readonly EntityReport[]
  /** Totals of all entities, including those that are not shown. */
  readonly totals: Outcomes
  /** Outcomes of the records of inputs, by which duplicates are dropped before the processor; null if there are none. */
  readonly intake: Outcomes | null
}

/** Formats the statistics as a table. @param columns width of the terminal; undefined for no limit */
export function formatStatistics(
  families: Families,
  { entities, totals, intake, env }: Report,
  columns?: number,
): string {
  const rows = entities.flatMap(entity => metricRows(families, entity))
  const table = rows.length === 0 ? 'No statistics yet.' : formatRows(METRIC_COLUMNS, rows, columns)
  const ofInputs = intake ? `Intake in "${env}": ${formatTotals(intake)}\n` : ''
  return `${table}\n\nProcessor in "${env}": ${formatTotals(totals)}\n${ofInputs}`
}

/** Reasons that most records have, which are not shown. */
const USUAL = /^(applied\/(counted|taken|window-.*)|duplicate\/id-known)$/

/** Texts of reasons. All others are shown as they are, such as the codes of failures. */
const REASONS: Readonly<Record<string, string>> = {
  'applied/late': 'too late for their minute',
  'ignored/tick': 'ticks of the clock',
  'ignored/rule-set': 'rule sets',
  'ignored/plan-of-tables': 'plans of tables',
  'ignored/not-mine': 'for other consumers',
  'ignored/before-start': 'from before SLUICE_SINCE',
}

/**
 * Returns the totals, such as `7267 applied, 0 duplicates, 12 ignored (12 ticks of the clock), 0 failed; 0 waiting to be published`.
 */
function formatTotals({ applied, duplicate, ignored, failed, reasons, outbox }: Outcomes): string {
  const parts = { applied, duplicate, ignored, failed }
  const words = { applied: 'applied', duplicate: 'duplicates', ignored: 'ignored', failed: 'failed' }
  const counts = Object.entries(words).map(([outcome, word]) => {
    const own = Object.entries(reasons)
      .filter(([name]) => name.startsWith(`${outcome}/`) && !USUAL.test(name))
      .map(([name, count]) => `${count} ${REASONS[name] ?? name.slice(outcome.length + 1)}`)
      .sort()
    return `${parts[outcome as keyof typeof parts]} ${word}${own.length > 0 ? ` (${own.join(', ')})` : ''}`
  })
  return `${counts.join(', ')}; ${outbox} waiting to be published`
}

export default command({
  about: `Show the statistics of each entity and metric, and the outcomes of the processor's records.

The states are read from Redis, partition by partition, while the processor continues. STD DEV is the deviation of a
sample, with the divisor n − 1; 0 for a single reading.`,
  more: `
Examples:
  sluice stats roof-1
  sluice stats --watch`,
  args: {
    entity: optionalArgument('whole subject of the entity, or words of its source and subject', SOME_TEXT),
  },
  options: {
    json: JSON_OPTION,
    watch: flag('show them every two seconds, until Ctrl-C'),
    env: environment('to look at'),
  },
  conflicts: [['json', 'watch']],
  withoutKafka: true,
  async run({ entity, env, json, watch }, terminal) {
    const config = resolveConfig(terminal, env)
    await withRedis(config, async client => {
      const inspection = new StateInspection(client)
      const read = () => readReport(inspection, config, entity)
      const format = (report: Report, columns: number | undefined) =>
        formatStatistics(config.families, report, columns)
      if (watch) return watchReport(read, format, terminal)
      const report = await read()
      if (entity !== undefined && report.entities.length === 0)
        throw new CliFailure(
          `No entity of "${config.env}" matches "${entity}"; \`sluice stats\` lists all entities.`,
        )
      printReport(terminal, report, json, format)
    })
  },
})

/** Partitions of an input that are counted. Kafka, which knows their number, is not asked. */
const MAX_PARTITIONS = 500

async function readReport(
  inspection: StateInspection,
  config: Config,
  entity: string | undefined,
): Promise<Report> {
  const { env } = config
  const readings = config.names.topicSize('readings', env)
  const { rows } = await readTable(inspection, ENTITIES, readings, { text: entity })
  const totals = await readOutcomes(inspection, listStateKeys(ENTITIES.process.name, readings))
  const topics = resolveInputs(config).map(({ topic }) => ({ topic, partitions: MAX_PARTITIONS }))
  const intake = await readOutcomes(
    inspection,
    topics.flatMap(topic => listStateKeys(INTAKE, topic)),
  )
  const hasRead = Object.keys(intake.reasons).length > 0
  return { env, entities: rows.map(entityReport), totals, intake: hasRead ? intake : null }
}

const WATCH_MS = 2_000
/** Moves a terminal's cursor to the start, and clears all below it. */
const CLEAR = '\u001b[H\u001b[2J'

/** Prints the report repeatedly. On a terminal, each replaces the one before. @throws StoppedByUser */
async function watchReport(
  read: () => Promise<Report>,
  format: (report: Report, columns: number | undefined) => string,
  terminal: Terminal,
): Promise<never> {
  const { stdout, stop } = terminal
  while (!stop.aborted) {
    const text = format(await read(), getColumns(terminal))
    stdout.write(stdout.isTTY ? `${CLEAR}${text}` : `${text}\n`)
    await pause(WATCH_MS, undefined, { signal: stop }).catch(() => {})
  }
  throw new StoppedByUser()
}
