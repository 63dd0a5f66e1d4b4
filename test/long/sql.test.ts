import assert from 'node:assert/strict'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Program, runProgram } from '../support/program.ts'
import { fired, resolved } from '../unit/operations/sql/support.ts'

const ASKED = `SELECT alert_type, COUNT(*) as count FROM alert_log WHERE alert_ts > datetime('now', '-1 hour') GROUP BY alert_type;`

describe('given alerts in Kafka', () => {
  let environment: TestEnvironment
  let folder: string
  const sql = (...args: string[]) =>
    runProgram('./cli/sluice.ts', ['alerts', 'sql', ...args, '--env', environment.name])
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()

  async function send(events: readonly Event[]): Promise<void> {
    const records = events.map(event => {
      const { value, headers } = writeEvent(event)
      const { fingerprint } = event.data as { readonly fingerprint: string }
      return { key: fingerprint, value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(environment.topic('alerts'), records)
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-sql-'))
    environment = await TestEnvironment.create()
    const kinds = [
      ['HIGH_TEMP', 20],
      ['HIGH_WIND', 7],
    ] as const
    const recent = kinds.flatMap(([rule, count]) =>
      Array.from({ length: count }, (_, n) =>
        fired(`${rule}-${n}`, minutesAgo(n + 1), { rule, fingerprint: `${rule}-${n}` }),
      ),
    )
    const old = fired('old', minutesAgo(120), { fingerprint: 'old' })
    const ends = recent.slice(0, 5).map(event => resolved(event, minutesAgo(0)))
    // Again: what a crash between publishing and trimming leaves.
    await send([old, ...recent, ...ends, ...ends, ...recent])
  })

  after(async () => {
    await environment?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('when the last hour is asked for, then alerts are counted by type, each once', async () => {
    const { code, stdout, output } = await sql(ASKED, '--json')
    assert.equal(code, 0, output)
    const [answer] = JSON.parse(stdout).answers
    assert.deepEqual(answer.columns, [
      { name: 'alert_type', type: 'VARCHAR' },
      { name: 'count', type: 'BIGINT' },
    ])
    assert.deepEqual(
      new Map(answer.rows.map(Object.values)),
      new Map([
        ['HIGH_TEMP', 20],
        ['HIGH_WIND', 7],
      ]),
    )
  })

  it('when a statement is wrong, then the message of DuckDB and the columns are shown, with status 1', async () => {
    const { code, output } = await sql('SELECT alert_typ FROM alert_log')
    assert.equal(code, 1)
    assert.match(output, /^Binder Error: .*"alert_typ" not found/m)
    assert.match(
      output,
      /^Tables:\n {2}alert_log\(alert_type, alert_ts, sensor_id, .*\n {2}alert_events\(event, /m,
    )
  })

  it('when a statement has DuckDB log into a file, then it is refused with status 1, and there is no file', async () => {
    const path = join(folder, 'log')
    const { code, output } = await sql(`FROM query('FROM en' || 'able_logging(storage_path = ''${path}'')')`)
    assert.equal(code, 1, output)
    assert.match(output, /^logging and profiling of DuckDB cannot be switched on here$/m)
    await assert.rejects(access(path))
  })

  it('when a statement that never ends is stopped by Ctrl-C, then the command ends with status 130', async () => {
    const endless = 'SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b'
    const args = ['alerts', 'sql', `SELECT 1 AS started; ${endless}`, '--env', environment.name]
    const program = new Program('./cli/sluice.ts', args)
    await program.says(/^started$/m)
    program.signal('SIGINT')
    const { code, output } = await program.ended
    assert.equal(code, 130, output)
  })
})
