import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { silencesText } from '../../../cli/silence/text.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-notifications-'))
after(() => rmSync(folder, { recursive: true }))

const WELL = ['--rule', 'HIGH_*', '--comment', 'works']
const WRONG: readonly (readonly [given: string, args: readonly string[], said: readonly RegExp[]])[] = [
  ['no comment', ['--rule', 'x', '--for', '1h'], [/required option '--comment <text>' not specified/]],
  [
    'no matcher and two ends',
    ['--comment', 'x', '--for', '1h', '--until', '2099-01-01T00:00:00Z'],
    [/at least one of --rule/, /--for or --until, not both/],
  ],
  ['no end', WELL, [/--for or --until: a silence must end/]],
  [
    'an end before its start',
    [...WELL, '--start', '2099-01-02T00:00:00Z', '--until', '2099-01-01T00:00:00Z'],
    [/must be later than the start/],
  ],
  ['an end in the past', [...WELL, '--start', '2020-01-01T00:00:00Z', '--for', '1h'], [/already have ended/]],
  ['an end that cannot be written', [...WELL, '--for', '9000000d'], [/before the year 10000/]],
  [
    'several wrong values',
    ['--severity', 'crit', '--label', 'x', '--for', '2', '--comment', ' ', '--rule', ''],
    [
      /'--severity .*"crit"/,
      /'--label .*"x" .*NAME=TEXT/,
      /'--for .*"2"/,
      /'--comment .*1 to 1,000/,
      /'--rule .*1 to 256/,
    ],
  ],
]

describe('sluice silence add, with wrong input', () => {
  for (const [given, args, said] of WRONG)
    it(`given ${given}, then all of it is named, and no server is asked`, async () => {
      const { status, stderr } = await ran(['silence', 'add', ...args], {
        environment: { REDIS_URL: 'redis://127.0.0.1:1' },
      })
      assert.equal(status, 2)
      for (const one of said) assert.match(stderr, one)
    })
})

it('given silences, when they are printed, then each has its state and what it matches', () => {
  const silence = {
    id: '1a2b3c4d',
    match: { rule: ['HIGH_*', 'LOW'], labels: { team: ['infra'] } },
    startsAt: '2026-03-02T08:00:00.123Z',
    endsAt: '2026-03-02T10:00:00.000Z',
    author: 'ann',
    comment: 'works',
    createdAt: '2026-03-02T08:00:00.123Z',
    state: 'active' as const,
  }
  const [, row] = silencesText([silence], undefined).split('\n')
  assert.equal(
    row,
    '1a2b3c4d  active  2026-03-02T08:00:00Z  2026-03-02T10:00:00Z  rule=HIGH_*,LOW labels.team=infra  ann  works',
  )
  assert.equal(silencesText([], undefined), 'No matching silences.\n')
})
