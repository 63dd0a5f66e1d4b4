/** The dashboards of Grafana: each query is asked of a real database, and each expression asks for series that a scrape has. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parser } from '@prometheus-io/lezer-promql'
import { load } from 'js-yaml'
import { PostgresStorage } from '../../lib/storage/adapters/postgres.ts'
import { toRows } from '../../lib/storage/rows.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { servedConsole } from '../support/console.ts'
import { FAMILIES } from '../support/families.ts'
import { markedEnvironment } from '../support/marked-environment.ts'
import { type Postgres, startPostgres } from '../support/postgres.ts'
import { readScrape, type Series } from '../support/scrape.ts'
import { NOON, storedAlert, storedMinute, storedReading, storedState } from '../support/stored-events.ts'

interface Source {
  readonly uid: string
}
interface Target {
  readonly datasource: Source
  readonly rawSql?: string
  readonly format?: string
  readonly expr?: string
}
interface Dashboard {
  readonly panels: readonly {
    readonly title: string
    readonly datasource: Source
    readonly targets: readonly Target[]
  }[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] }
}

const FOLDER = join(PROJECT, 'examples', 'grafana')
const read = (file: string) => readFileSync(join(FOLDER, file), 'utf8')
const readDashboard = (name: string) => JSON.parse(read(`dashboards/${name}.json`)) as Dashboard
const READINGS = readDashboard('readings')
const FLOW = readDashboard('flow')

/** Values that are chosen in the lists at the top, one or several. Some contain characters that are syntax of SQL. */
const CHOSEN: Readonly<Record<string, string | readonly string[]>> = {
  metric: `tempera'tu"re`,
  sensor: [`o'ha"re`, 'roof-1'],
  state: 'status',
}
const [FROM, TO] = [NOON - 3_600_000, NOON + 3_600_000].map(ms => `'${new Date(ms).toISOString()}'`)

/**
 * Expands what Grafana's data source of PostgreSQL does, in the time range of the dashboard: the value of a variable with its quotes
 * doubled or, of a list of several, each in quotes.
 */
function expandSql(text: string, chosen = CHOSEN): string {
  const double = (value: string) => value.replaceAll("'", "''")
  const expanded = text
    .replaceAll(/\$__timeFilter\(([^()]+)\)/g, `$1 BETWEEN ${FROM} AND ${TO}`)
    .replaceAll(/\$(\w+)/g, (_, name) => {
      const value = chosen[name]
      return typeof value === 'string'
        ? double(value)
        : (value ?? []).map(one => `'${double(one)}'`).join(',')
    })
  assert.doesNotMatch(expanded, /\$/, 'all is expanded')
  return expanded
}

/** Returns the selectors of an expression: the metric, and the labels that it, or what is around it, names. */
function listSelectors(
  text: string,
): readonly { readonly metric: string; readonly labels: readonly string[] }[] {
  const selectors: { metric: string; labels: string[] }[] = []
  const grouping: string[] = []
  const expression = text.replaceAll('$__rate_interval', '1m')
  parser.parse(expression).iterate({
    enter({ type, from, to, node }) {
      const here = expression.slice(from, to)
      assert.ok(!type.isError, `no PromQL at ${from}: ${text}`)
      if (type.name === 'VectorSelector') selectors.push({ metric: '', labels: [] })
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector')
        Object.assign(selectors.at(-1) ?? {}, { metric: here })
      if (type.name !== 'LabelName') return
      const isGrouping = node.parent?.name === 'GroupingLabels'
      ;(isGrouping ? grouping : (selectors.at(-1)?.labels ?? [])).push(here)
    },
  })
  return selectors.map(({ metric, labels }) => ({ metric, labels: [...labels, ...grouping] }))
}

describe('given the dashboard of readings, and a database with readings, states and alerts', () => {
  let postgres: Postgres
  let url: string

  before(async () => {
    postgres = await startPostgres()
    url = await postgres.createDatabase()
    const storage = new PostgresStorage(url)
    const quoted = { source: '/x', subject: `o'ha"re` }
    await storage.write(
      toRows(FAMILIES, [
        storedReading('r', { temperature: 20 }),
        storedMinute(0, 21, { metric: `tempera'tu"re` }),
        storedMinute(0, 22, { metric: `tempera'tu"re`, startMs: NOON + 60_000, entity: quoted }),
        storedState(0, { ok: 30, fault: 30 }),
        storedAlert('fired', 'a'),
        storedAlert('fired', 'b', { offset: 1 }),
        storedAlert('resolved', 'a', { offset: 2 }),
      ]),
      'replace',
    )
    await storage.close()
  })

  after(() => postgres?.stop())

  const queries = [
    ...READINGS.panels.flatMap(({ title, targets }) => targets.map(target => ({ title, ...target }))),
    ...READINGS.templating.list.map(({ name, query }) => ({
      title: `list ${name}`,
      rawSql: query,
      format: 'table',
    })),
  ]

  it('when no sensor is chosen, as in an empty database, then no query has an error', async () => {
    for (const { rawSql = '' } of queries)
      await postgres.query(url, expandSql(rawSql, { ...CHOSEN, sensor: [] }))
  })

  it('then there is something to ask', () => assert.ok(queries.length >= 10))

  for (const { title, rawSql = '', format } of queries)
    it(`when "${title}" is asked, then it has rows, in the form of its panel`, async () => {
      const rows = await postgres.query(url, expandSql(rawSql))
      assert.ok(rows.length > 0, rawSql)
      for (const row of rows) {
        assert.ok(Object.values(row).some(value => value !== null))
        if (format !== 'time_series') continue
        const { time, metric, ...values } = row
        assert.ok(time instanceof Date)
        assert.ok(metric === undefined || typeof metric === 'string')
        for (const value of Object.values(values)) assert.ok(Number.isFinite(Number(value)), String(value))
      }
    })
})

describe('given the dashboard of the flow, and a scrape of an environment in which functions have run', () => {
  let series: readonly Series[]

  before(async () => {
    const environment = await markedEnvironment()
    const served = await servedConsole({ env: environment.name })
    series = readScrape(await (await fetch(new URL('/metrics', served.address()))).text())
    await served.close()
    await environment.close()
  })

  const assertAsked = (expression: string) => {
    const selectors = listSelectors(expression)
    assert.ok(selectors.length > 0, expression)
    for (const { metric, labels } of selectors) {
      const found = series.filter(({ name }) => name === metric)
      assert.ok(found.length > 0, `a scrape has no ${metric}: ${expression}`)
      for (const label of labels) assert.ok(label in (found[0]?.labels ?? {}), `${metric} has no ${label}`)
    }
  }

  for (const { title, targets } of FLOW.panels)
    it(`when "${title}" is asked, then it is PromQL, and its series exist`, () => {
      for (const { expr = '' } of targets) assertAsked(expr)
    })

  it('when the alerts of the manual are asked, then they are PromQL, and their series exist', () => {
    const page = readFileSync(join(PROJECT, 'docs', 'console.md'), 'utf8')
    const [, block = ''] = /^```promql\n([^`]+)^```/m.exec(page) ?? []
    const expressions = block.trim().split('\n')
    assert.ok(expressions.length >= 5)
    for (const expression of expressions) assertAsked(expression)
  })

  it('then every metric of the scrape stands in the table of the manual', () => {
    const page = readFileSync(join(PROJECT, 'docs', 'console.md'), 'utf8')
    const listed = [...page.matchAll(/`(sluice_\w+)`(?=[ ,|])/g)].map(([, name]) => name)
    assert.deepEqual(
      [...new Set(series.map(({ name }) => name))].filter(name => !listed.includes(name)),
      [],
    )
  })
})

describe('what is provisioned', () => {
  it('then each panel and list asks a data source that is there', () => {
    const { datasources } = load(read('provisioning/datasources/sluice.yaml')) as { datasources: Source[] }
    const known = datasources.map(({ uid }) => uid)
    const files = readdirSync(join(FOLDER, 'dashboards'))
    assert.equal(files.length, 2)
    for (const file of files) {
      const uids = [
        ...read(`dashboards/${file}`).matchAll(/"datasource": \{\s*"type": "[\w-]+",\s*"uid": "([^"]+)"/g),
      ]
      assert.ok(uids.length >= 8, file)
      for (const [, uid = ''] of uids) assert.ok(known.includes(uid), `${file}: ${uid}`)
    }
  })
})
