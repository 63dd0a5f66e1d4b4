import { signalSize } from '../../lib/app/topics.ts'
import { outcomesOf } from '../../lib/queries/outcomes.ts'
import { ENTITIES, entityReport } from '../../lib/tables/statistics.ts'
import { partitionsOf, readTable } from '../../lib/tables/table.ts'
import { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { command, environment, JSON_OPTION, optionalArgument, SOME_TEXT } from '../command.ts'
import { configOf, withRedis } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { printReport } from '../terminal.ts'
import { type Report, tableOf } from './table.ts'

export default command({
  about: `Show the statistics of each entity and metric, and the outcomes of the processor's records.

The states are read from Redis, partition by partition, while the processor continues. STD DEV is the deviation of a
sample, with the divisor n − 1; 0 for a single reading.`,
  more: `
Example:
  sluice stats roof-1`,
  args: {
    entity: optionalArgument('whole subject of the entity, or words of its source and subject', SOME_TEXT),
  },
  options: {
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  withoutKafka: true,
  async run({ entity, env, json }, terminal) {
    const config = configOf(terminal, env)
    const readings = signalSize('readings', config.env)
    const report = await withRedis(config, async (client): Promise<Report> => {
      const inspection = new StateInspection(client)
      const { rows } = await readTable(inspection, ENTITIES, readings, { text: entity })
      const totals = await outcomesOf(inspection, partitionsOf(ENTITIES.process.name, readings))
      return { env: config.env, entities: rows.map(entityReport), totals }
    })
    if (entity !== undefined && report.entities.length === 0)
      throw new CliFailure(
        `No entity of "${config.env}" matches "${entity}"; \`sluice stats\` lists all entities.`,
      )
    printReport(terminal, report, json, tableOf)
  },
})
