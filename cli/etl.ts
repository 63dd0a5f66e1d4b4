import { type Filter, optionField, TIME_OR_AGO } from '../control/questions/field.ts'
import { type StoredPast, storePast } from '../control/trials/store-past.ts'
import { openStorage } from '../lib/app/connections/storage.ts'
import { dataReader } from '../lib/app/data/data-reader.ts'
import type { Storage } from '../lib/storage/storage.ts'
import { count } from '../lib/support/count.ts'
import { command, environment, JSON_OPTION } from './command.ts'
import { isStop } from './failure.ts'
import { showLine } from './output/progress.ts'
import { withHistory } from './servers/history.ts'
import { resolveConfig } from './servers/settings.ts'
import { resolveStorage } from './servers/storage.ts'
import { printReport, type Terminal } from './terminal.ts'

const OPTIONS = {
  since: optionField('<time>', 'only records written since: a time, or a duration before now', TIME_OR_AGO),
  until: optionField('<time>', 'only records written before', TIME_OR_AGO),
  json: JSON_OPTION,
  env: environment('to load'),
}

type Options = Filter<typeof OPTIONS>

/** End of the range without --until, in milliseconds since the epoch. */
const FAR_MS = Date.UTC(9999, 0)

export default command({
  about: `Fill the database of STORAGE_URL from the past: the objects of the history, and the records that only the topics contain.

The rows have the same keys as those of the function storage, which can write at the same time. The command only
inserts rows that are missing, so it can be stopped, and repeated.`,
  more: `
STORAGE_URL is postgres://… or sqlite:FILE; by default, the file of the running npm start.

Examples:
  sluice etl
  sluice etl --since 30d
  STORAGE_URL=postgres://sluice@db.example/sluice sluice etl --env prod`,
  fields: OPTIONS,
  async run(options, terminal) {
    const config = resolveConfig(terminal, options.env)
    const storage = await openStorage(...resolveStorage(config, options.env, terminal))
    try {
      const stored = await load(options, config, storage, terminal)
      printReport(terminal, stored, options.json, formatStored)
    } catch (error) {
      if (!isStop(error, terminal.stop)) throw error
    } finally {
      await storage.close()
    }
  },
})

async function load(
  { since = 0, until = FAR_MS }: Options,
  config: ReturnType<typeof resolveConfig>,
  storage: Storage,
  terminal: Terminal,
): Promise<StoredPast> {
  return withHistory(config, terminal, async places => {
    let records = 0
    const hide = showLine(terminal, () => `${records} records read`)
    const past = { places, storage, settings: config, reader: dataReader(config) }
    return storePast({ ...past, sinceMs: since, untilMs: until }, terminal.stop, read => {
      records = read
    }).finally(hide)
  })
}

function formatStored({ location, records, events, added, repeated, refused, missing }: StoredPast): string {
  const gaps = missing.map(
    ({ topic, partition, fromOffset, toOffset }) =>
      `Missing in the history and in the log: offsets ${fromOffset} to ${toOffset} of ${topic}/${partition}.\n`,
  )
  const counts = `${count(events, 'event')} in the database, ${added} of them added, ${repeated} repeated, ${refused} refused`
  return `${location}: ${count(records, 'record')} read, ${counts}\n${gaps.join('')}`
}
