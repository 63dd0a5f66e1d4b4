import type { Command } from 'commander'
import { topicSize } from '../../lib/app/topics.ts'
import { outcomesOf } from '../../lib/queries/outcomes.ts'
import { ENTITIES, entityReport } from '../../lib/tables/statistics.ts'
import { partitionsOf, readTable } from '../../lib/tables/table.ts'
import { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { environmentOption, JSON_OPTION, someText } from '../arguments.ts'
import { configOf, withRedis } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { more } from '../help.ts'
import { type Report, tableOf } from '../stats/table.ts'
import { printReport, type Terminal } from '../terminal.ts'

interface StatsOptions {
  readonly env?: string
  readonly json?: true
}

const ABOUT = `Show what the processor knows of each entity and metric, and how its records ended.

Read from Redis as it stands, partition by partition, while the processor goes on.`

const MORE = `
Example:
  sluice stats roof-1`

export function addStats(program: Command, terminal: Terminal): void {
  program
    .command('stats')
    .summary('show statistics of entities')
    .description(ABOUT)
    .argument('[entity]', 'its whole subject, or a part of its source and subject', someText)
    .option(...JSON_OPTION)
    .option(...environmentOption('to look at'))
    .addHelpText('after', more(MORE))
    .action((entity: string | undefined, options: StatsOptions) => stats(entity, options, terminal))
}

async function stats(
  entity: string | undefined,
  { env, json }: StatsOptions,
  terminal: Terminal,
): Promise<void> {
  const config = configOf(terminal, env)
  const readings = topicSize('readings', config.env)
  const report = await withRedis(config, async (client): Promise<Report> => {
    const inspection = new StateInspection(client)
    const { rows } = await readTable(inspection, ENTITIES, readings, { text: entity })
    const totals = await outcomesOf(inspection, partitionsOf(ENTITIES.process.name, readings))
    return { env: config.env, entities: rows.map(entityReport), totals }
  })
  if (entity !== undefined && report.entities.length === 0)
    throw new CliFailure(
      `No entity of "${config.env}" matches "${entity}"; \`sluice stats\` shows all there are.`,
    )
  printReport(terminal, report, json, tableOf)
}
