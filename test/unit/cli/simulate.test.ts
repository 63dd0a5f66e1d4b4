import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { FLEET } from '../../../lib/telemetry/simulator/fleet.ts'
import { GENERATOR_DEFAULTS } from '../../../lib/telemetry/simulator/settings.ts'
import { simulate } from '../../../lib/telemetry/simulator.ts'
import { PROJECT } from '../../support/program.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-simulate-'))
after(() => rmSync(folder, { recursive: true }))
const linesOf = (text: string) => text.trim().split('\n')
const file = (name: string) => readFileSync(join(folder, name), 'utf8')

const FROM = ['simulate', '--from', '2026-01-01T00:00:00Z']

describe('sluice simulate', () => {
  it('given a span, then it writes the readings that the generator sends, with the same ids', async () => {
    const { status, stdout, stderr } = await ran([...FROM, '--for', '2m'], { folder })
    const tick = Date.UTC(2026, 0, 1) / 5000
    const expected = [...simulate(GENERATOR_DEFAULTS, tick, tick + 24)].map(({ event }) => event)
    assert.equal(status, 0)
    assert.deepEqual(
      linesOf(stdout).map(line => JSON.parse(line)),
      expected.map(event => ({ specversion: '1.0', ...event })),
    )
    assert.match(
      stderr,
      new RegExp(`^Simulated ${24 * FLEET.length} readings, with \\d+ labelled anomalies\n$`),
    )
  })

  it('given files, then the same options write the same bytes, and another seed writes others', async () => {
    const args = ['--for', '10m', '--tick-seconds', '10', '--anomaly-rate', '1', '--json']
    for (const [name, seed] of [
      ['one', 'a'],
      ['two', 'a'],
      ['other', 'b'],
    ]) {
      const more = ['--output', `${name}.jsonl`, '--labels', `${name}.json`, '--seed', String(seed)]
      const { status, stdout, stderr } = await ran([...FROM, ...args, ...more], { folder })
      assert.deepEqual([status, stderr], [0, ''])
      const { readings, labels } = JSON.parse(stdout)
      assert.equal(readings, 60 * FLEET.length)
      assert.equal(linesOf(file(`${name}.jsonl`)).length, readings)
      assert.equal(JSON.parse(file(`${name}.json`)).length, labels)
      assert.ok(labels > 0)
    }
    for (const kind of ['jsonl', 'json']) {
      assert.equal(file(`one.${kind}`), file(`two.${kind}`))
      assert.notEqual(file(`one.${kind}`), file(`other.${kind}`))
    }
  })

  it('given the rules that ship, when they are scored on it, then only anomalies fire them', async () => {
    const files = ['--output', 'hour.jsonl', '--labels', 'hour.json']
    assert.equal((await ran([...FROM, '--for', '1h', ...files], { folder })).status, 0)
    const labels = ['--labels', join(folder, 'hour.json'), '--json']
    const { stdout } = await ran(['rules', 'score', join(folder, 'hour.jsonl'), ...labels], {
      folder: PROJECT,
    })
    const { total, rules, kinds } = JSON.parse(stdout)
    assert.equal(rules.length, 8)
    assert.ok(total.alerts > 100)
    assert.deepEqual([total.precision, total.falseAlerts], [1, 0])
    // One that no rule watches, and one of which a rule watches only what it leaves alone.
    const without = ['fall', 'replication-stall']
    for (const { kind, anomalies, anomaliesFound } of kinds)
      assert.equal(anomaliesFound, without.includes(kind) ? 0 : anomalies, kind)
    assert.equal(kinds.length, 9)
  })

  for (const [args, status, said] of [
    [['simulate'], 2, /required option '--from <time>' not specified/],
    [['simulate', '--from', 'now'], 2, /'--from <time>': "now" is invalid/],
    [[...FROM, '--for', '5'], 2, /'--for <duration>': "5" is invalid/],
    [[...FROM, '--seed', 'a-b'], 2, /must be 1 to 32 letters and digits/],
    [[...FROM, '--tick-seconds', '0'], 2, /must be a whole number from 1 to 60/],
    [[...FROM, '--anomaly-rate', '2'], 2, /'--anomaly-rate <share>': "2" is invalid/],
    [['simulate', '--from', '2026-01-01T00:00:01Z', '--for', '2s'], 2, /--for is too short/],
    [[...FROM, '--json'], 2, /name a file with --output/],
    [[...FROM, '--output', 'a', '--labels', './a'], 2, /name the same file/],
    [[...FROM, '--output', 'no/a.jsonl'], 1, /^no\/a\.jsonl: there is no such file or folder/],
    [[...FROM, '--output', 'b.jsonl', '--labels', 'no/b.json'], 1, /^no\/b\.json: there is no such file/],
  ] as const)
    it(`given ${args.slice(1).join(' ') || 'no option'}, then it is refused`, async () => {
      const result = await ran(args, { folder })
      assert.equal(result.status, status)
      assert.match(result.stderr, said)
    })
})
