import { topicName } from '../../lib/app/topics.ts'
import { runEtl } from '../../lib/operations/etl/run.ts'
import { announcing } from '../../lib/operations/etl/scheduled.ts'
import type { EtlCompleted } from '../../schemas/types.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { CommandConnections } from '../command-connections.ts'
import { configOf, requireTopic } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { showLine } from '../progress.ts'
import { tableText } from '../table.ts'
import { printReport } from '../terminal.ts'
import { withWarehouse } from './warehouse.ts'

export default command({
  about: `Load the new records of the history into the warehouse, as the function etl does every hour.

Every step is stored with its offsets, so a run that is stopped or killed continues where it was, and a repeated run
adds nothing. The run is announced in the topic etl.`,
  more: `
WAREHOUSE_URL selects the warehouse: postgres://… or sqlite:FILE.

Examples:
  sluice etl run
  WAREHOUSE_URL=sqlite:sluice.db sluice etl run`,
  options: {
    json: JSON_OPTION,
    env: environment('to load'),
  },
  async run({ env, json }, terminal) {
    const config = configOf(terminal, env)
    const { stop } = terminal
    let records = 0
    const result = await withWarehouse(config, terminal, async ({ store, target }) => {
      const connections = new CommandConnections(config)
      const hide = showLine(terminal, () => `${records} records loaded`)
      try {
        await requireTopic(await connections.publisher(), topicName('etl', config.env), config)
        const run = {
          ...{ store, target, nowMs: Date.now, announce: announcing(connections, config) },
          remainingMs: () => (stop.aborted ? 0 : Number.POSITIVE_INFINITY),
          scheduledFor: new Date().toISOString(),
          onStep: (step: { readonly records: number }) => {
            records += step.records
          },
        }
        return await connections.writing(() => runEtl(run))
      } finally {
        hide()
        await connections.close()
      }
    })
    printReport(terminal, result, json, runText)
    if (result.reason !== undefined) throw new CliFailure(result.reason)
  },
})

function runText(run: EtlCompleted, columns: number | undefined): string {
  const { location, outcome, records, repeated, skipped, durationMs, martRows, missing } = run
  const counts = [`${repeated} repeated`, `${skipped} with a time out of range`]
  const rows = Object.entries(martRows).map(([mart, count]) => [mart, String(count)])
  const gaps = missing.map(({ topic, partition, from, to }) => {
    return `Missing in the history: offsets ${from} to ${to} of ${topic}, partition ${partition}.\n`
  })
  return [
    `${location}: ${outcome}, ${records} records (${counts.join(', ')}) in ${(durationMs / 1000).toFixed(1)} s\n`,
    ...(rows.length > 0
      ? [`${tableText([{ heading: 'MART' }, { heading: 'ROWS', align: 'right' }], rows, columns)}\n`]
      : []),
    ...gaps,
  ].join('')
}
