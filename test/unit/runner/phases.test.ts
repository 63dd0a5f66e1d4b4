import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LONGEST, longestFirst } from '../../runner/longest.ts'
import { filesOf, PHASES } from '../../runner/phases.ts'

const everything = () => true

describe('the phases of npm test', () => {
  it('have each file of the longest, and each once', async () => {
    const groups = ['checks', 'unit', 'integration', 'rehearsal'] as const
    const found = await Promise.all(PHASES.map(phase => filesOf(phase, groups, everything)))
    const paths = found.flatMap(selected => selected?.files ?? []).map(({ path }) => path)
    assert.ok(paths.length > 100)
    assert.equal(new Set(paths).size, paths.length)
    const listed = LONGEST.map(({ file }) => file)
    assert.deepEqual(
      listed.filter(file => !paths.includes(file)),
      [],
    )
    assert.equal(new Set(listed).size, listed.length)
  })

  it('given a group without tests for a pattern, then no servers are started for it', async () => {
    const integration = PHASES.find(({ group }) => group === 'integration')
    assert.ok(integration)
    assert.equal((await filesOf(integration, ['integration'], everything))?.needsServers, true)
    const none = await filesOf(integration, ['integration'], path => path.includes('rehearsal'))
    assert.deepEqual([none?.files.length, none?.needsServers, none?.missing], [0, false, []])
    assert.equal(await filesOf(integration, ['unit'], everything), undefined)
  })

  it('given a phase without files, then it is named', async () => {
    const phase = { title: 'x', group: 'unit', files: ['test/nowhere/*.test.ts'] } as const
    assert.deepEqual((await filesOf(phase, ['unit'], everything))?.missing, ['test/nowhere/*.test.ts'])
  })

  it('begin the longest first, and the others in their order', () => {
    const [first, second] = LONGEST.map(({ file }) => ({ path: file }))
    assert.ok(first && second)
    const [a, b] = [{ path: 'a' }, { path: 'b' }]
    assert.deepEqual(longestFirst([a, second, b, first]), [first, second, a, b])
  })
})
