/** Commands that check files which people edit: `rules check`, `notifications check` and `dlq policy`, by their whole output. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { PROJECT } from '../../support/program.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-check-'))
after(() => rmSync(folder, { recursive: true }))

const RULE = 'rules:\n  - { name: HOT, family: device, metric: x, fireAbove: 1, severity: info }\n'
const RECEIVERS =
  'receivers:\n  - { name: sns, kind: sns }\n  - { name: chat, kind: webhook, format: slack, secret: chat }\n'
const FILES = {
  'good/a.yaml': RULE,
  'good/README.md': 'no rules',
  'good/more/b.yaml': 'neither: are these',
  'bad/a.yaml': RULE,
  'bad/b.yml': RULE.replace('x,', 'w,'),
  'none/README.md': 'no rules',
  'empty/a.yaml': 'rules: []\n',
  'n/routes.yaml': 'routes: [{ name: a, receivers: [sns, chat] }]\n',
  'n/receivers.yaml': RECEIVERS,
  'wrong/routes.yaml': 'routes:\n  - { name: a, receivers: [sns], groupWait: 5 }\n',
  'wrong/receivers.yaml':
    'receivers:\n  - { name: sns, kind: pigeon }\n  - { name: chat, kind: webhook, timeout: 40s }\n',
  'unknown/routes.yaml': 'routes: [{ name: a, receivers: [pager] }]\n',
  'unknown/receivers.yaml': RECEIVERS,
  'policy.yaml': 'maxAge: 0s\n',
  'tables/a.yaml': RULE.replace('family: device, metric: x', 'table: device_sensor_stats, column: std_y'),
}
for (const [file, text] of Object.entries(FILES)) {
  mkdirSync(join(folder, dirname(file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

const NO_RULES = 'none: the folder has no *.yaml file, so it has no rules: check the path\n'

describe('checked files', () => {
  for (const [args, expected] of [
    ['rules check', '8 rules in 2 files: config/rules/database.yaml, config/rules/weather.yaml\n'],
    ['notifications check', 'config/notifications: 1 route, 1 receiver: sns\n'],
    ['dlq policy', 'config/failures: the policy has no errors\n'],
  ] as const)
    it(`given those that ship, when sluice ${args} looks at them, then it says what there is`, async () => {
      assert.deepEqual(await ran(args.split(' '), { folder: PROJECT }), {
        status: 0,
        stdout: expected,
        stderr: '',
      })
    })

  const cases: [args: string, environment: object, status: number, stdout: string, stderr: string][] = [
    ['rules check', { RULES_DIR: 'good' }, 0, '1 rule in 1 file: good/a.yaml\n', ''],
    ['rules check empty', {}, 0, '0 rules in 1 file, so that no alert can fire: empty/a.yaml\n', ''],
    ['rules check ./good/a.yaml good empty', {}, 0, '1 rule in 2 files: good/a.yaml, empty/a.yaml\n', ''],
    ['rules check nowhere', {}, 1, '', 'nowhere: there is no such file or folder\n'],
    ['rules check none', {}, 1, '', NO_RULES],
    ['rules check tables', {}, 0, '1 rule in 1 file: tables/a.yaml\n', ''],
    [
      'rules check tables',
      { VIEWS_DIR: join(PROJECT, 'config/views') },
      1,
      `tables/a.yaml:2:46  HOT.column: device_sensor_stats has no column std_y. Did you mean std_x? Use avg_x, std_x, min_x, max_x
`,
      '1 error in the alert rules of tables.\n',
    ],
    [
      'notifications check wrong',
      {},
      1,
      `wrong/routes.yaml:2:34  a.groupWait: must be a duration such as 30s, 5m or 4h
wrong/receivers.yaml:2:18  sns.kind: must be one of sns, webhook
wrong/receivers.yaml:3:5  chat.url: is missing: set url, or a secret that contains it
wrong/receivers.yaml:3:34  chat.timeout: must be from 1s to 30s
`,
      '4 errors in wrong.\n',
    ],
    [
      'notifications check unknown',
      {},
      1,
      'unknown/routes.yaml: unknown receiver "pager": receivers.yaml has sns, chat\n',
      '1 error in unknown.\n',
    ],
    [
      'notifications check none',
      {},
      1,
      'NOTIFICATIONS_DIR: none/routes.yaml: there is no such file\nNOTIFICATIONS_DIR: none/receivers.yaml: there is no such file\n',
      '2 errors in none.\n',
    ],
    [
      'dlq policy',
      { FAILURES_DIR: '.' },
      1,
      'policy.yaml:1:1  maxAge: must be longer than 0\n',
      '1 error in ..\n',
    ],
    [
      'dlq policy',
      { FAILURES_DIR: 'none' },
      1,
      'FAILURES_DIR: none/policy.yaml: there is no such file\n',
      '1 error in none.\n',
    ],
  ]
  for (const [args, environment, status, stdout, stderr] of cases)
    it(`sluice ${args} ${JSON.stringify(environment)}`, async () => {
      assert.deepEqual(await ran(args.split(' '), { folder, environment }), { status, stdout, stderr })
    })

  it('given rules with errors, then each has a line, and --json one document', async () => {
    const { status, stdout, stderr } = await ran(['rules', 'check', 'bad'], { folder })
    assert.deepEqual([status, stderr], [1, '2 errors in the alert rules of bad.\n'])
    const [first, second] = stdout.split('\n')
    assert.match(first ?? '', /^bad\/b\.yml:2:7 {2}HOT\.name: HOT is already in bad\/a\.yaml: /)
    assert.equal(second, 'bad/b.yml:2:34  HOT.metric: must be one of x, y, z, activity, not "w"')
    const json = await ran(['rules', 'check', 'bad', '--json'], { folder })
    const message = 'must be one of x, y, z, activity, not "w"'
    assert.deepEqual(JSON.parse(json.stdout).errors[1], {
      ...{ file: 'bad/b.yml', line: 2, column: 34, rule: 'HOT', key: 'metric', message },
    })
  })

  it('given --json, then routes and receivers are one document', async () => {
    const { stdout } = await ran(['notifications', 'check', '--json'], {
      folder,
      environment: { NOTIFICATIONS_DIR: 'n' },
    })
    assert.deepEqual(JSON.parse(stdout), {
      folder: 'n',
      routes: ['a'],
      receivers: [
        { name: 'sns', kind: 'sns' },
        { name: 'chat', kind: 'webhook' },
      ],
      errors: [],
    })
  })
})
