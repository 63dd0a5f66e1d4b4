import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseSelection } from '../../runner/arguments.ts'
import { filesOf, TEST_GROUPS } from '../../runner/files.ts'
import { sourceFiles } from '../../runner/source-files.ts'

const SHORT = ['checks', 'unit', 'integration']

describe('the arguments of npm test', () => {
  const cases: readonly [args: string[], selection: object][] = [
    [[], { groups: SHORT, isWhole: false }],
    [['--all'], { groups: [...SHORT, 'long'], isWhole: true }],
    [['ledger'], { groups: [...SHORT, 'long'], isWhole: false, pattern: 'ledger' }],
    [
      ['--only', 'integration', 'flow', '--kafka', '3.9.1'],
      { groups: ['integration'], isWhole: false, pattern: 'flow', kafkaVersion: '3.9.1' },
    ],
  ]
  for (const [args, selection] of cases)
    it(`given "${args.join(' ')}", then it selects those tests`, () =>
      assert.deepEqual(parseSelection(args), selection))

  it('given --all with --only, then it refuses', () => {
    assert.throws(() => parseSelection(['--all', '--only', 'unit']), /--all runs all groups/)
  })
})

describe('the groups of tests', () => {
  it('hold every test file exactly once', async () => {
    const selection = { groups: [], isWhole: false }
    const files = (await Promise.all(TEST_GROUPS.map(group => filesOf(group, selection)))).flat()
    const all = await sourceFiles('test/**/*.test.ts', 'packages/msk-trigger/test/**/*.test.ts')
    assert.deepEqual(files.sort(), all)
  })

  it('given a complete run, then it has the long form of a test, and not the short one', async () => {
    const all = TEST_GROUPS.map(group => filesOf(group, { groups: [], isWhole: true, pattern: 'ledger' }))
    const files = (await Promise.all(all)).flat()
    assert.ok(files.includes('test/long/ledger.test.ts'))
    assert.ok(!files.includes('test/integration/ledger-direct.test.ts'))
  })

  it('given a group without files, then it is an error', async () => {
    const group = { group: 'unit', patterns: ['test/nowhere/*.test.ts'], needsServers: false } as const
    await assert.rejects(filesOf(group, { groups: [], isWhole: false }), /no file matches/)
  })
})
