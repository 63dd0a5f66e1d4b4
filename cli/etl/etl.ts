import { type EtlResult, openWarehouse, runEtl } from '../../lib/operations/etl/run-etl.ts'
import type { WarehouseTarget } from '../../lib/warehouse/target.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { showLine } from '../output/progress.ts'
import { formatTable } from '../output/table.ts'
import { requireHistory } from '../servers/history.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport, resolvePath, type Terminal } from '../terminal.ts'

export default command({
  about: `Load the new records of the history into the warehouse, as the function etl does every hour.

Every step is stored with its offsets, so a run that is stopped or killed continues where it was, and a repeated run
adds nothing. The table watermarks has the next offset of each partition.`,
  more: `
WAREHOUSE_URL selects the warehouse: postgres://… or sqlite:FILE.

Examples:
  sluice etl
  WAREHOUSE_URL=sqlite:sluice.db sluice etl`,
  options: {
    json: JSON_OPTION,
    env: environment('to load'),
  },
  async run({ env, json }, terminal) {
    const config = resolveConfig(terminal, env)
    const { stop } = terminal
    const store = await requireHistory(config, terminal)
    let records = 0
    try {
      const target = await requireWarehouse(config.warehouseUrl, terminal)
      const hide = showLine(terminal, () => `${records} records loaded`)
      const result = await runEtl({
        ...{ store, target, nowMs: Date.now },
        remainingMs: () => (stop.aborted ? 0 : Number.POSITIVE_INFINITY),
        onStep: step => {
          records += step.records
        },
      }).finally(async () => {
        hide()
        await target.close()
      })
      printReport(terminal, result, json, formatRun)
      if (result.reason !== undefined) throw new CliFailure(result.reason)
    } finally {
      store.close?.()
    }
  },
})

/** Returns the warehouse of the environment. Files are relative to the folder of the terminal. */
function requireWarehouse(url: string | undefined, terminal: Terminal): Promise<WarehouseTarget> {
  if (url === undefined)
    throw new CliFailure(
      'Set WAREHOUSE_URL to the warehouse: postgres://user:password@host/database, or sqlite:FILE.',
    )
  return openWarehouse(
    url.startsWith('sqlite:') ? `sqlite:${resolvePath(terminal, url.slice('sqlite:'.length))}` : url,
  )
}

function formatRun(run: EtlResult, columns: number | undefined): string {
  const { location, outcome, records, repeated, skipped, durationMs, martRows, missing } = run
  const counts = [`${repeated} repeated`, `${skipped} with a time out of range`]
  const rows = Object.entries(martRows).map(([mart, count]) => [mart, String(count)])
  const gaps = missing.map(({ topic, partition, from, to }) => {
    return `Missing in the history: offsets ${from} to ${to} of ${topic}, partition ${partition}.\n`
  })
  return [
    `${location}: ${outcome}, ${records} records (${counts.join(', ')}) in ${(durationMs / 1000).toFixed(1)} s\n`,
    ...(rows.length > 0
      ? [`${formatTable([{ heading: 'MART' }, { heading: 'ROWS', align: 'right' }], rows, columns)}\n`]
      : []),
    ...gaps,
  ].join('')
}
