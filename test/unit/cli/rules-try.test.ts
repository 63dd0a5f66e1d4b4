import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { PROJECT } from '../../support/program.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-try-'))
after(() => rmSync(folder, { recursive: true }))
writeFileSync(
  join(folder, 'rules.yaml'),
  `rules:
  - { name: HEAT, family: environment, metric: temperature, fireAbove: 40, clearBelow: 39, severity: warning }
  - { name: FROST, family: environment, metric: temperature, fireBelow: 0, severity: warning }
  - { name: PAUSED, family: environment, metric: temperature, fireAbove: 0, severity: info, paused: true }
  - name: BOTH
    severity: critical
    pattern: { count: 2, of: { family: environment, metric: temperature, fireAbove: 40 }, within: 1h, per: site }
`,
)
const HEATWAVE = join(PROJECT, 'events', 'streams', 'heatwave.jsonl')

describe('rules that are tried on a recording', () => {
  test('given rules of which some cannot be tried, then alerts and rules are shown', async () => {
    const { status, stdout, stderr } = await ran(['rules', 'try', HEATWAVE, '--rules', 'rules.yaml'], {
      folder,
    })
    assert.deepEqual([status, stderr], [0, ''])
    assert.equal(
      stdout,
      `291 readings, 2025-07-01T00:00:00Z to 2025-07-02T23:30:00Z: 3 alerts would fire.

RULE    WOULD FIRE  ENTITIES  STILL FIRING  FIRED
HEAT             3         2             0      -
FROST            0         0             0      -
PAUSED           -         -             -      -
BOTH             -         -             -      -

RULE  ENTITY                      WOULD FIRE            FOR  VALUE
HEAT  /environment/vienna roof-1  2025-07-01T12:30:00Z  6 h   40.1
HEAT  /environment/vienna roof-1  2025-07-02T12:00:00Z  7 h   41.1
HEAT  /environment/vienna roof-2  2025-07-02T13:30:00Z  4 h   40.2

Not tried, because they evaluate more than readings of one entity: BOTH.

The state before the first reading is unknown.
`,
    )
  })

  const wrong: [args: string[], said: RegExp][] = [
    [['--until', '1h', HEATWAVE], /--until cannot be used with a recording/],
    [['1h', '--until', '2h'], /start of the range must be before --until/],
  ]
  for (const [args, said] of wrong)
    test(`given ${args.join(' ')}, then it is refused`, async () => {
      const { status, stderr } = await ran(['rules', 'try', ...args, '--rules', 'rules.yaml'], { folder })
      assert.equal(status, 2)
      assert.match(stderr, said)
    })
})
